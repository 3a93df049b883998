import {
  type Action,
  changeOf,
  type Fields,
  hasFailed,
  NO_FIELDS,
  type State,
  type UploadItem,
} from './item.ts'
import { Items, type Message } from './items.ts'
import type { Chosen } from './parts.ts'
import { Run, type RunDeps } from './run.ts'

/** Uploads that run at the same time. */
export const PARALLEL = 3
/** Time without a key after which changed fields of a finished upload are sent, in milliseconds. */
const TYPING_MS = 800
/** Time after a connection came back before failed uploads begin again, in milliseconds. */
const ONLINE_MS = 3000

export interface Deps extends RunDeps {
  windowId: string
  /** Tells the other windows. */
  post(message: Message): void
  /** Called after an asset was created, changed or deleted. */
  onStored(): void
  isOnline(): boolean
  newId(): string
}

/** The queue. Each upload belongs to one window of the browser, which runs it; the other windows show it. */
export class UploadQueue {
  readonly #deps: Deps
  readonly #items: Items
  readonly #files = new Map<string, File[]>()
  readonly #runs = new Map<string, Run>()
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>()
  #isHeld = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
    this.#items = new Items(deps)
  }

  /** The uploads of the account, in the order in which they were added. Another array after each change. */
  get items(): readonly UploadItem[] {
    return this.#items.shown
  }

  /** Whether there is no upload of any account. */
  get isEmpty(): boolean {
    return this.#items.all.length === 0
  }

  /** Whether no further upload begins. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  subscribe(listener: () => void): () => void {
    return this.#items.subscribe(listener)
  }

  /** Sets whose uploads are shown and run. Those of others wait. */
  setAccount(account: string | null): void {
    if (account === this.#items.account) return
    this.#items.account = account
    this.#next()
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#items.announce()
    this.#next()
  }

  /** Adds an upload. Files that a stored upload waits for continue that one. @param folder name of several files */
  async add(chosen: Chosen[], folder: string | null): Promise<void> {
    const owner = this.#items.account
    if (!owner || chosen.length === 0) return
    const { newId, now, windowId: window, store } = this.#deps
    const name = folder ?? chosen[0]?.file.name ?? ''
    const files = chosen.map(({ path, file }) => ({ path, size: file.size }))
    const waiting = this.items.find(
      (one) =>
        (one.state === 'missing' || one.state === 'permission') &&
        one.name === name &&
        JSON.stringify(one.files) === JSON.stringify(files),
    )
    const item: UploadItem = waiting ?? {
      ...{ id: newId(), owner, window, name, files, key: newId(), isFolder: folder !== null },
      size: files.reduce((sum, file) => sum + file.size, 0),
      // later than all others, so that the order stays
      createdAt: Math.max(now(), (this.items.at(-1)?.createdAt ?? 0) + 0.001),
      ...{ loaded: 0, attempts: 0, retryAt: null, error: null, sha256: null, duplicate: null, anyway: false },
      ...{ fields: NO_FIELDS, applied: NO_FIELDS, picture: null, assetId: null, kept: false },
      state: 'waiting',
    }
    const { id } = item
    this.#files.set(
      id,
      chosen.map(({ file }) => file),
    )
    this.#items.put({ ...item, window, state: 'waiting', loaded: 0 })
    this.#next()
    if (!(await store.keep(id, chosen))) return
    if (this.#items.get(id)) this.#items.change(id, { kept: true })
    else await store.remove(id)
  }

  /** Does what a button of an upload says. */
  async act(id: string, action: Action): Promise<void> {
    const item = this.#items.get(id)
    if (!item) return
    const isForeign = item.window !== this.#deps.windowId
    if (isForeign && action !== 'allow') return this.#deps.post({ act: { id, action } })
    if (action === 'pause') this.#pause(id)
    else if (action === 'cancel' || action === 'skip') await this.#cancel(id)
    else if (action === 'allow') await this.#allow(id)
    else if (action === 'anyway') this.#items.change(id, { state: 'waiting', anyway: true })
    else this.#items.change(id, { state: 'waiting', retryAt: null, attempts: 0 })
    this.#next()
  }

  /** Tries all failed uploads again. */
  retryAll(): void {
    for (const item of this.items) if (hasFailed(item)) void this.act(item.id, 'retry')
  }

  /** Removes the finished uploads from the list. Their assets stay. */
  clearFinished(): void {
    for (const item of this.items)
      if (item.state === 'done' && changeOf(item) === null) this.#items.remove(item.id)
  }

  /** Changes the fields of an upload, also while it runs and after it. */
  edit(id: string, change: Partial<Fields>): void {
    const item = this.#items.get(id)
    if (!item) return
    const fields = { ...item.fields, ...change }
    if (item.window === this.#deps.windowId) {
      this.#items.change(id, { fields })
      this.#sendLater(id)
    } else {
      this.#deps.post({ edit: { id, fields } })
      // what is typed is shown before the other window answers
      this.#items.show({ ...item, fields })
    }
  }

  /** Sets the preview picture of an upload. */
  async setPicture(id: string, file: File): Promise<void> {
    await this.#deps.store.putPicture(id, file)
    const picture = { id, name: file.name }
    if (this.#items.get(id)?.window !== this.#deps.windowId) this.#deps.post({ picture })
    else this.#setPicture(picture)
  }

  /** Whether closing this window would lose an upload. */
  get wouldLose(): boolean {
    return this.#items.all.some(({ id, kept, state }) => !kept && state !== 'done' && this.#files.has(id))
  }

  /** Uploads that failed for want of a connection begin again soon. */
  online(): void {
    const soon = this.#deps.now() + ONLINE_MS
    for (const { id, retryAt, window } of this.items)
      if (retryAt !== null && window === this.#deps.windowId)
        this.#items.change(id, { retryAt: Math.min(retryAt, soon) })
    this.#next()
  }

  /** Reads the stored queue and takes the uploads of windows that were closed. @param alive ids of open windows */
  async adopt(alive: ReadonlySet<string>): Promise<void> {
    const { windowId, store } = this.#deps
    for (const item of await store.all()) {
      const { id, window, state, assetId, size } = item
      const isKnown = this.#items.get(id) !== undefined
      if (window === windowId && isKnown) continue
      if (window !== windowId && alive.has(window)) {
        if (!isKnown) this.#items.show(item)
        continue
      }
      const hasMore = state === 'done' && (changeOf(item) !== null || item.picture?.applied === false)
      const next: State = state === 'running' || hasMore ? 'waiting' : state
      this.#items.put({ ...item, window: windowId, state: next, loaded: assetId ? size : 0 })
    }
    this.#next()
  }

  /** Takes in what another window says. */
  receive(message: Message): void {
    const { windowId } = this.#deps
    if ('put' in message) {
      if (message.put.window !== windowId) this.#files.delete(message.put.id)
      this.#items.show(message.put)
    } else if ('removed' in message) this.#items.hide(message.removed)
    else {
      const { id } = 'act' in message ? message.act : 'edit' in message ? message.edit : message.picture
      if (this.#items.get(id)?.window !== windowId) return
      if ('act' in message) void this.act(id, message.act.action)
      else if ('edit' in message) this.edit(id, message.edit.fields)
      else this.#setPicture(message.picture)
    }
  }

  #setPicture({ id, name }: { id: string; name: string }): void {
    this.#items.change(id, { picture: { name, applied: false } })
    this.#sendLater(id)
  }

  #pause(id: string): void {
    const run = this.#runs.get(id)
    if (run) run.end('pause')
    else this.#items.change(id, { state: 'paused', retryAt: null })
  }

  async #cancel(id: string): Promise<void> {
    const run = this.#runs.get(id)
    if (run) return run.end('cancel')
    const assetId = this.#items.get(id)?.assetId
    if (assetId) {
      try {
        await this.#deps.transport.remove(assetId)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        return this.#items.change(id, { state: 'failed', retryAt: null, error: message })
      }
    }
    this.#files.delete(id)
    this.#items.remove(id)
    this.#deps.onStored()
  }

  /** Opens the files of an upload again. Only the window in which the user pressed the button can ask for them. */
  async #allow(id: string): Promise<void> {
    const files = await this.#deps.store.open(id, true)
    if (files === 'permission') return
    if (files) this.#files.set(id, files)
    this.#items.change(id, { window: this.#deps.windowId, state: files ? 'waiting' : 'missing' })
  }

  /** Begins as many uploads as can run. */
  #next(): void {
    clearTimeout(this.#timer)
    if (!this.#items.account || this.#isHeld || !this.#deps.isOnline()) return
    const now = this.#deps.now()
    let soonest = Number.POSITIVE_INFINITY
    for (const item of this.items) {
      if (item.window !== this.#deps.windowId || item.state !== 'waiting' || this.#runs.has(item.id)) continue
      if (item.retryAt !== null && item.retryAt > now) soonest = Math.min(soonest, item.retryAt)
      else if (this.#runs.size < PARALLEL) void this.#run(item.id)
    }
    if (soonest < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#next(), soonest - now)
  }

  async #run(id: string): Promise<void> {
    const run = new Run(id, this.#items, this.#files, this.#deps)
    this.#runs.set(id, run)
    await run.start()
    this.#runs.delete(id)
    if (!this.#items.get(id)) this.#files.delete(id)
    this.#deps.onStored()
    this.#next()
  }

  /** Sends changed fields of a finished upload when the user has stopped typing. */
  #sendLater(id: string): void {
    clearTimeout(this.#typing.get(id))
    if (this.#items.get(id)?.state !== 'done') return
    const send = () => {
      this.#items.change(id, { state: 'waiting', attempts: 0 })
      this.#next()
    }
    this.#typing.set(id, setTimeout(send, TYPING_MS))
  }
}
