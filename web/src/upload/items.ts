import type { Action, Fields, UploadItem } from './item.ts'
import type { QueueStore } from './parts.ts'

/** What windows of one browser tell each other. */
export type Message =
  | { put: UploadItem }
  | { removed: string }
  | { act: { id: string; action: Action } }
  | { edit: { id: string; fields: Fields } }
  | { picture: { id: string; name: string } }

interface Deps {
  store: QueueStore
  post(message: Message): void
}

/** The uploads of this browser: in the memory, in the store and in the other windows. */
export class Items {
  readonly #deps: Deps
  readonly #items = new Map<string, UploadItem>()
  readonly #listeners = new Set<() => void>()
  #account: string | null = null
  #shown: readonly UploadItem[] | null = null

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** The account whose uploads are shown and run. */
  get account(): string | null {
    return this.#account
  }

  set account(account: string | null) {
    this.#account = account
    this.announce()
  }

  /** The uploads of the account, in the order in which they were added. Another array after each change. */
  get shown(): readonly UploadItem[] {
    this.#shown ??= [...this.#items.values()]
      .filter(({ owner }) => owner === this.#account)
      .sort((a, b) => a.createdAt - b.createdAt)
    return this.#shown
  }

  /** The uploads of all accounts. */
  get all(): UploadItem[] {
    return [...this.#items.values()]
  }

  get(id: string): UploadItem | undefined {
    return this.#items.get(id)
  }

  /** @throws AbortError if the upload was removed */
  need(id: string): UploadItem {
    const item = this.#items.get(id)
    if (!item) throw new DOMException('The upload was removed', 'AbortError')
    return item
  }

  change(id: string, change: Partial<UploadItem>): void {
    const item = this.#items.get(id)
    if (item) this.put({ ...item, ...change })
  }

  /** Shows how much was sent. The store does not need it. */
  report(id: string, loaded: number): void {
    const item = this.#items.get(id)
    if (!item) return
    const put = { ...item, loaded }
    this.#deps.post({ put })
    this.show(put)
  }

  put(item: UploadItem): void {
    this.#deps.post({ put: item })
    void this.#deps.store.put(item)
    this.show(item)
  }

  /** Takes an upload as another window or the store has it. */
  show(item: UploadItem): void {
    this.#items.set(item.id, item)
    this.announce()
  }

  remove(id: string): void {
    this.#deps.post({ removed: id })
    void this.#deps.store.remove(id)
    this.hide(id)
  }

  hide(id: string): void {
    this.#items.delete(id)
    this.announce()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  announce(): void {
    this.#shown = null
    for (const listener of this.#listeners) listener()
  }
}
