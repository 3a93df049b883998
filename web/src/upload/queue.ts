import { toError } from '../api/errors.ts'
import { type Fields, hasMore, isWanted, newItem, type UploadItem } from './item.ts'
import { Items, type ItemsDeps, type Message } from './items.ts'
import type { Chosen } from './parts.ts'
import { Run, type RunDeps } from './run.ts'
import { type Action, hasFailed, nextState } from './state.ts'

/** Uploads that run at the same time. */
export const PARALLEL = 3
/** Time without a key after which changed fields of a finished upload are sent, in milliseconds. */
const TYPING_MS = 800
/** Time after a connection came back before failed uploads begin again, in milliseconds. */
const ONLINE_MS = 3000

interface Deps extends ItemsDeps, RunDeps {
  /** Called after an asset was created, changed or deleted. */
  onStored(): void
  isOnline(): boolean
  newId(): string
}

/** The queue of one window. It runs the uploads that the window owns, and shows those of the other windows. */
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

  get account(): string | null {
    return this.#items.account
  }

  /** The uploads that other windows own. */
  get foreign(): UploadItem[] {
    return this.#items.all.filter((item) => !this.#items.isOwn(item))
  }

  /** Whether there is no upload of any account. */
  get isEmpty(): boolean {
    return this.#items.all.length === 0
  }

  /** Whether no further upload begins. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Uploads whose asset is missing, or does not have the fields and the picture yet. */
  get unfinished(): UploadItem[] {
    return this.items.filter((item) => item.state !== 'done' || hasMore(item))
  }

  /** Whether closing this window would lose an upload. */
  get wouldLose(): boolean {
    return this.#items.all.some(({ id, kept, state }) => !kept && state !== 'done' && this.#files.has(id))
  }

  subscribe(listener: () => void): () => void {
    return this.#items.subscribe(listener)
  }

  /** Sets whose uploads are shown and run. Those of others wait. */
  setAccount(account: string | null): void {
    if (account === this.#items.account) return
    this.#items.account = account
    for (const [id, run] of this.#runs) if (this.#items.get(id)?.owner !== account) run.end('leave')
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
    const wanted = this.items.find((item) => isWanted(item, name, files))
    // later than all others, so that the order stays
    const last = this.items.at(-1)?.createdAt ?? 0
    const added = newItem({
      ...{ id: newId(), owner, window, key: newId(), name, files, isFolder: folder !== null },
      createdAt: Math.max(now(), last + 0.001),
    })
    // what was typed stays; a request with another content is another request
    const { id, revision, createdAt, fields, picture } = wanted ?? added
    const key = wanted?.error === null ? wanted.key : added.key
    const opened = chosen.map(({ file }) => file)
    this.#files.set(id, opened)
    void this.#items.put({ ...added, id, revision, createdAt, fields, picture, key })
    this.#next()
    if (!(await store.keep(id, chosen))) return
    if (this.#items.get(id)) this.#items.change(id, { kept: true })
    else await store.remove(id)
  }

  /** Does what a button of an upload says, if its state still has this button. */
  async act(id: string, action: Action): Promise<void> {
    const item = this.#items.get(id)
    if (!item || !nextState(item.state, action)) return
    // only the window in which the user pressed the button can ask the browser for the files
    if (action === 'allow') await this.#allow(item)
    else if (!this.#items.isOwn(item)) this.#deps.post({ act: { id, action } })
    else if (action === 'cancel' || action === 'skip') await this.#cancel(id)
    else if (action === 'pause' && this.#runs.has(id)) this.#runs.get(id)?.end('pause')
    else this.#items.step(id, action, { attempts: 0, ...(action === 'anyway' && { wanted: true }) })
    this.#next()
  }

  /** Tries all failed uploads again. */
  retryAll(): void {
    for (const { id, state } of this.items) if (hasFailed(state)) void this.act(id, 'retry')
  }

  /** Removes the finished uploads from the list. Their assets stay. */
  clearFinished(): void {
    for (const item of this.items)
      if (item.state === 'done' && !hasMore(item)) void this.#items.remove(item.id)
  }

  /** Ends the uploads of the account in all windows and removes them from this browser. Their assets stay. */
  async forget(): Promise<void> {
    await Promise.all(this.items.map(({ id }) => this.#remove(id)))
  }

  /** Changes the fields of an upload, also while it runs and after it. */
  edit(id: string, change: Partial<Fields>): void {
    const item = this.#items.get(id)
    if (!item) return
    const fields = { ...item.fields, ...change }
    if (this.#items.isOwn(item)) {
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
    const item = this.#items.get(id)
    if (item && !this.#items.isOwn(item)) this.#deps.post({ picture })
    else this.#setPicture(picture)
  }

  /** Uploads that failed for want of a connection begin again soon. */
  online(): void {
    const soon = this.#deps.now() + ONLINE_MS
    for (const { id, retryAt } of this.items)
      if (retryAt !== null) this.#items.change(id, { retryAt: Math.min(retryAt, soon) })
    this.#next()
  }

  /** Reads the stored queue. What this window knows can be newer. */
  async read(): Promise<void> {
    for (const item of await this.#deps.store.all()) {
      const known = this.#items.get(item.id)
      if (!known || known.revision < item.revision) this.#items.show(item)
    }
  }

  /** Takes the uploads that a closed window owned, and goes on with them. Removes those of other accounts. */
  async takeOver(window: string): Promise<void> {
    if (!this.#items.account) return
    await this.read()
    for (const item of this.#items.all.filter((one) => one.window === window)) {
      const { id, owner, assetId, size } = item
      const step = item.state === 'done' && hasMore(item) ? 'change' : 'takeOver'
      const state = nextState(item.state, step) ?? item.state
      // stored before another window can look for it
      if (owner !== this.#items.account) await this.#items.remove(id)
      else await this.#items.put({ ...item, state, loaded: assetId ? size : 0 })
    }
    this.#next()
  }

  /** Takes in what another window says. */
  receive(message: Message): void {
    if ('put' in message) {
      if (this.#items.show(message.put)) this.#stop(message.put.id)
    } else if ('removed' in message) {
      this.#items.hide(message.removed)
      this.#stop(message.removed)
    } else if ('progress' in message) this.#items.showProgress(message.progress)
    else this.#obey(message)
  }

  /** Does what the user did in another window to an upload of this one. */
  #obey(message: Extract<Message, { act: unknown } | { edit: unknown } | { picture: unknown }>): void {
    const { id } = 'act' in message ? message.act : 'edit' in message ? message.edit : message.picture
    const item = this.#items.get(id)
    if (!item || !this.#items.isOwn(item)) return
    if ('act' in message) void this.act(id, message.act.action)
    else if ('edit' in message) this.edit(id, message.edit.fields)
    else this.#setPicture(message.picture)
  }

  #setPicture({ id, name }: { id: string; name: string }): void {
    this.#items.change(id, { picture: { name, applied: false } })
    this.#sendLater(id)
  }

  async #cancel(id: string): Promise<void> {
    const run = this.#runs.get(id)
    if (run) return run.end('cancel')
    const item = this.#items.need(id)
    // what is cancelled is then the change, not the upload
    if (item.wasDone) return this.#items.undo(id)
    try {
      if (item.assetId) await this.#deps.transport.remove(item)
    } catch (error) {
      this.#items.step(id, 'fail', { error: toError(error).message })
      return
    }
    await this.#remove(id)
    this.#deps.onStored()
  }

  async #remove(id: string): Promise<void> {
    const removed = this.#items.remove(id)
    this.#stop(id)
    await removed
  }

  /** Ends what this window does for an upload that it no longer owns. */
  #stop(id: string): void {
    this.#runs.get(id)?.end('leave')
    this.#files.delete(id)
  }

  async #allow({ id }: UploadItem): Promise<void> {
    const files = await this.#deps.store.open(id, true)
    const item = this.#items.get(id)
    if (files === 'permission' || item?.state !== 'permission') return
    if (files) this.#files.set(id, files)
    // the window that opened the files owns the upload from now on
    const state = nextState(item.state, files ? 'allow' : 'lose') ?? item.state
    await this.#items.put({ ...item, state })
  }

  /** Begins as many uploads as can run. */
  #next(): void {
    clearTimeout(this.#timer)
    if (!this.#items.account || this.#isHeld || !this.#deps.isOnline()) return
    const now = this.#deps.now()
    let soonest = Number.POSITIVE_INFINITY
    for (const item of this.items) {
      const { id, state, retryAt } = item
      if (!this.#items.isOwn(item) || !nextState(state, 'begin') || this.#runs.has(id)) continue
      if (retryAt !== null && retryAt > now) soonest = Math.min(soonest, retryAt)
      else if (this.#runs.size < PARALLEL) void this.#run(id)
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
      this.#items.step(id, 'change', { attempts: 0 })
      this.#next()
    }
    this.#typing.set(id, setTimeout(send, TYPING_MS))
  }
}
