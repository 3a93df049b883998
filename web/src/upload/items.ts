import type { Fields, UploadItem } from './item.ts'
import type { QueueStore } from './parts.ts'
import { type Action, nextState, type Step } from './state.ts'

/** What windows of one browser tell each other. */
export type Message =
  | { put: UploadItem }
  | { removed: string }
  | { progress: Progress }
  | { act: { id: string; action: Action } }
  | { edit: { id: string; fields: Fields } }
  | { picture: { id: string; name: string } }

type Progress = Pick<UploadItem, 'id' | 'checked' | 'loaded'>

export interface ItemsDeps {
  windowId: string
  store: QueueStore
  /** Tells the other windows. */
  post(message: Message): void
}

/** The uploads of this browser: in the memory, in the store and in the other windows. */
export class Items {
  readonly #deps: ItemsDeps
  readonly #items = new Map<string, UploadItem>()
  readonly #listeners = new Set<() => void>()
  #account: string | null = null
  #shown: readonly UploadItem[] | null = null

  constructor(deps: ItemsDeps) {
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
    this.#shown ??= this.all
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

  /** @throws AbortError if the upload was removed, or belongs to another window now */
  need(id: string): UploadItem {
    const item = this.#items.get(id)
    if (!item || !this.isOwn(item)) throw new DOMException('The upload was removed', 'AbortError')
    return item
  }

  /** Tells whether this window owns an upload. */
  isOwn({ window }: Pick<UploadItem, 'window'>): boolean {
    return window === this.#deps.windowId
  }

  /** Changes an upload that this window owns. */
  change(id: string, change: Partial<UploadItem>): void {
    const item = this.#items.get(id)
    if (item && this.isOwn(item)) void this.put({ ...item, ...change })
  }

  /** Changes the state of an upload that this window owns. Returns false, and changes nothing, if its state has no such step. */
  step(id: string, step: Step, change: Partial<UploadItem> = {}): boolean {
    const item = this.#items.get(id)
    const state = item && this.isOwn(item) ? nextState(item.state, step) : null
    if (!item || !state) return false
    void this.put({ ...item, retryAt: null, error: null, ...change, state })
    return true
  }

  /** Drops the changes of a finished upload that its asset does not have. */
  undo(id: string): void {
    const { applied, picture } = this.need(id)
    this.step(id, 'undo', { fields: applied, picture: picture?.applied ? picture : null })
  }

  /** Stores the next form of an upload, which this window owns from now on. */
  put(item: UploadItem): Promise<void> {
    const put = { ...item, window: this.#deps.windowId, revision: item.revision + 1 }
    this.#deps.post({ put })
    this.#set(put)
    return this.#deps.store.put(put)
  }

  /** Shows how far an upload is. The store does not need it. */
  report(id: string, change: Partial<Progress>): void {
    const item = this.#items.get(id)
    if (!item || !this.isOwn(item)) return
    const { checked, loaded } = { ...item, ...change }
    this.#deps.post({ progress: { id, checked, loaded } })
    this.#set({ ...item, checked, loaded })
  }

  /** Shows how far the upload of another window is. */
  showProgress({ id, ...change }: Progress): void {
    const item = this.#items.get(id)
    if (item && !this.isOwn(item)) this.#set({ ...item, ...change })
  }

  /** Shows an upload as another window or the store has it. Returns false if this window has a newer form. */
  show(item: UploadItem): boolean {
    const known = this.#items.get(item.id)
    if (known && isOlder(item, known)) return false
    this.#set(item)
    return true
  }

  /** Removes an upload, its files and its picture from this browser. */
  remove(id: string): Promise<void> {
    this.#deps.post({ removed: id })
    this.hide(id)
    return this.#deps.store.remove(id)
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

  #set(item: UploadItem): void {
    this.#items.set(item.id, item)
    this.announce()
  }
}

/** Compares two forms of an upload. When two windows took it at the same time, all windows agree on one of them. */
const isOlder = (one: UploadItem, other: UploadItem): boolean =>
  one.revision < other.revision || (one.revision === other.revision && one.window < other.window)
