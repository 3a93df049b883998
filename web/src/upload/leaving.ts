import { openQueue } from './uploads.ts'

/** What users are asked who sign out while uploads are not finished. */
export interface Question {
  /** Unfinished uploads. */
  count: number
  answer(leaves: boolean): void
}

let question: Question | null = null
const listeners = new Set<() => void>()

function show(to: Question | null): void {
  question = to
  for (const listener of listeners) listener()
}

export const leaving = {
  get question(): Question | null {
    return question
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },

  /** Removes the uploads of the account from this browser. Returns false if the user does not want that. */
  async leave(asks: boolean): Promise<boolean> {
    const queue = await openQueue()
    const { length: count } = queue.unfinished
    const leaves =
      !asks ||
      count === 0 ||
      (await new Promise<boolean>((answer) => {
        show({ count, answer })
      }))
    show(null)
    if (leaves) await queue.forget()
    return leaves
  },
}
