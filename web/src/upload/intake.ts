import { MAX_FILES } from '../lib/limits.ts'
import type { Chosen } from './parts.ts'
import type { Choice } from './sources.ts'
import { openQueue } from './uploads.ts'

/** A chosen folder, or too many files for one asset: the user is asked what becomes of them. */
export interface Question {
  /** Name of the folder; null: the files were chosen one by one. */
  name: string | null
  files: Chosen[]
}

let questions: readonly Question[] = []
/** What was chosen before the user signed in. */
let early: { choice: Choice; together: boolean }[] = []
const listeners = new Set<() => void>()

function ask(to: readonly Question[]): void {
  questions = to
  for (const listener of listeners) listener()
}

export const intake = {
  /** The folder that the user is asked about. */
  get question(): Question | undefined {
    return questions[0]
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },

  /** Adds what was chosen to the queue; asks about folders first. @param together whether several files are one asset */
  async take(choice: Choice, isSignedIn: boolean, together = false): Promise<void> {
    if (!isSignedIn) {
      early.push({ choice, together })
      return
    }
    const { files, folders } = choice
    const isTooMany = together && files.length > MAX_FILES
    const asked = isTooMany ? [...folders, { name: null, files }] : folders
    if (asked.length > 0) ask([...questions, ...asked])
    if (isTooMany) return
    const [first] = files
    if (together && first && files.length > 1) await (await openQueue()).add(files, first.path)
    else await addEach(files)
  },

  /** Takes what was chosen before the user signed in. */
  async takeEarly(): Promise<void> {
    const all = early
    early = []
    for (const { choice, together } of all) await intake.take(choice, true, together)
  },

  /** Ends a question. @param as what becomes of the folder; null: nothing */
  async answer(question: Question, as: 'one' | 'each' | null): Promise<void> {
    ask(questions.filter((one) => one !== question))
    if (as === 'each') await addEach(question.files)
    else if (as === 'one') await (await openQueue()).add(question.files, question.name)
  },
}

async function addEach(files: Chosen[]): Promise<void> {
  const queue = await openQueue()
  await Promise.all(files.map((chosen) => queue.add([{ ...chosen, path: chosen.file.name }], null)))
}
