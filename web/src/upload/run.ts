import { ApiError, toError } from '../api/errors.ts'
import { changeOf, type UploadItem } from './item.ts'
import type { Items } from './items.ts'
import type { QueueStore, Transport } from './parts.ts'
import { delayAfter } from './retry.ts'

/** Time between two reports of the progress of an upload, in milliseconds. */
const PROGRESS_MS = 200

export interface RunDeps {
  store: QueueStore
  transport: Transport
  /** Returns the SHA-256 of a file; null if it is too large for that. */
  hash(file: File, signal: AbortSignal): Promise<string | null>
  now(): number
}

/** One attempt of an upload. */
export class Run {
  readonly #id: string
  readonly #items: Items
  readonly #files: Map<string, File[]>
  readonly #deps: RunDeps
  readonly #stop = new AbortController()
  /** Whether all bytes are on their way: the service can have the asset although there is no answer yet. */
  #isSent = false
  #then: 'pause' | 'cancel' | null = null

  /** @param files the chosen files of all uploads that this window has */
  constructor(id: string, items: Items, files: Map<string, File[]>, deps: RunDeps) {
    this.#id = id
    this.#items = items
    this.#files = files
    this.#deps = deps
  }

  /** Ends the attempt. An asset that the service can have already is finished, or deleted when its answer names it. */
  end(then: 'pause' | 'cancel'): void {
    this.#then = then
    if (!this.#isSent) this.#stop.abort()
  }

  /** Makes the attempt. The upload has its next state afterwards. */
  async start(): Promise<void> {
    const { attempts } = this.#items.need(this.#id)
    this.#items.change(this.#id, { state: 'running', attempts: attempts + 1, retryAt: null, error: null })
    try {
      if (!this.#item.assetId && !(await this.#upload())) return
      if (this.#then === 'cancel') {
        await this.#deps.transport.remove(String(this.#item.assetId))
        this.#items.remove(this.#id)
      } else await this.#finish()
    } catch (error) {
      this.#fail(toError(error))
    }
  }

  get #item() {
    return this.#items.need(this.#id)
  }

  /** Sends the files. Returns whether there is an asset now. */
  async #upload(): Promise<boolean> {
    const files = this.#files.get(this.#id) ?? (await this.#deps.store.open(this.#id, false))
    const isSame = Array.isArray(files) && this.#item.files.every(({ size }, at) => files[at]?.size === size)
    if (!isSame) {
      this.#items.change(this.#id, { state: files === 'permission' ? 'permission' : 'missing' })
      return false
    }
    this.#files.set(this.#id, files)
    if (await this.#isDuplicate(files)) return false
    const { size } = this.#item
    let reportedAt = 0
    const assetId = await this.#deps.transport.upload(this.#item, files, {
      signal: this.#stop.signal,
      onProgress: (sent, isSent) => {
        this.#isSent = isSent
        if (!isSent && this.#deps.now() - reportedAt < PROGRESS_MS) return
        reportedAt = this.#deps.now()
        this.#items.report(this.#id, Math.min(sent, size))
      },
    })
    this.#isSent = true
    this.#items.change(this.#id, { assetId, loaded: size })
    return true
  }

  async #isDuplicate(files: File[]): Promise<boolean> {
    const [file] = files
    const { isFolder, anyway, sha256: known } = this.#item
    if (!file || files.length > 1 || isFolder) return false
    const sha256 = known ?? (await this.#deps.hash(file, this.#stop.signal))
    this.#stop.signal.throwIfAborted()
    if (!sha256) return false
    this.#items.change(this.#id, { sha256 })
    if (anyway) return false
    const own = this.#items.shown.find((one) => one.sha256 === sha256 && one.assetId !== null)
    const duplicate = own
      ? { id: String(own.assetId), name: own.fields.name || own.name }
      : await this.#deps.transport.findDuplicate(file.name, sha256)
    this.#stop.signal.throwIfAborted()
    if (duplicate) this.#items.change(this.#id, { state: 'duplicate', duplicate })
    return duplicate !== null
  }

  /** Gives the asset its fields and its preview picture. */
  async #finish(): Promise<void> {
    const { transport, store } = this.#deps
    for (let change = changeOf(this.#item); change; change = changeOf(this.#item)) {
      const { fields, assetId } = this.#item
      await transport.change(String(assetId), change)
      this.#items.change(this.#id, { applied: fields })
    }
    const { picture, assetId } = this.#item
    const file = picture && !picture.applied ? await store.picture(this.#id) : null
    if (picture && file) {
      await transport.addPicture(String(assetId), file)
      this.#items.change(this.#id, { picture: { ...picture, applied: true } })
    }
    this.#files.delete(this.#id)
    this.#items.change(this.#id, { state: 'done' })
    // what was typed meanwhile
    if (changeOf(this.#item)) this.#items.change(this.#id, { state: 'waiting' })
  }

  #fail(error: Error): void {
    const item = this.#items.get(this.#id)
    if (!item || this.#then === 'cancel') this.#items.remove(this.#id)
    else {
      const loaded = item.assetId ? item.size : 0
      this.#items.change(this.#id, { loaded, ...this.#nextAfter(error, item.attempts) })
    }
  }

  #nextAfter(error: Error, attempts: number): Partial<UploadItem> {
    if (this.#then === 'pause') return { state: 'paused' }
    const code = error instanceof ApiError ? error.code : 'unexpected'
    // the upload waits for the next sign-in
    if (code === 'unauthenticated') return { state: 'waiting', attempts: attempts - 1 }
    const { retryAfterMs = null } = error as { retryAfterMs?: number | null }
    const delay = delayAfter({ code, retryAfterMs }, attempts)
    return {
      state: delay === null ? 'failed' : 'waiting',
      retryAt: delay === null ? null : this.#deps.now() + delay,
      error: error.message,
    }
  }
}
