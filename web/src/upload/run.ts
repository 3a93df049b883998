import { ApiError, toError } from '../api/errors.ts'
import { uploadText } from '../upload-text.ts'
import { changeOf, type UploadItem } from './item.ts'
import type { Items } from './items.ts'
import type { QueueStore, Transport } from './parts.ts'
import { delayAfter } from './retry.ts'

/** Time between two reports of the progress of an upload, in milliseconds. */
const PROGRESS_MS = 200
/** Time until an upload looks again whether its account is signed in, in milliseconds. */
const SIGN_IN_MS = 3000

export interface RunDeps {
  store: QueueStore
  transport: Transport
  /**
   * Returns the SHA-256 of a file in hexadecimal.
   *
   * @throws NotReadableError if the file was changed, moved or deleted after it was chosen; AbortError of `signal`
   */
  hash(file: File, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<string>
  now(): number
}

/** How an attempt was ended: `leave` when this window no longer owns the upload, or its account is not signed in. */
type Ending = 'pause' | 'cancel' | 'leave'

/** One attempt of an upload. */
export class Run {
  readonly #id: string
  readonly #items: Items
  readonly #files: Map<string, File[]>
  readonly #deps: RunDeps
  readonly #stop = new AbortController()
  /** Whether all bytes are on their way: the service can have the asset although there is no answer yet. */
  #isSent = false
  #then: Ending | null = null
  #reportedAt = 0

  /** @param files the chosen files of all uploads that this window has */
  constructor(id: string, items: Items, files: Map<string, File[]>, deps: RunDeps) {
    this.#id = id
    this.#items = items
    this.#files = files
    this.#deps = deps
  }

  /** Ends the attempt. An asset that the service can have already is finished, or deleted when its answer names it. */
  end(then: Ending): void {
    this.#then = then
    if (!this.#isSent || then === 'leave') this.#stop.abort()
  }

  /** Makes the attempt. The upload has its next state afterwards. */
  async start(): Promise<void> {
    const { attempts } = this.#item
    this.#items.step(this.#id, 'begin', { attempts: attempts + 1 })
    try {
      if (!this.#item.assetId && !(await this.#upload())) return
      if (this.#isCancelled) {
        await this.#deps.transport.remove(this.#item)
        await this.#items.remove(this.#id)
      } else await this.#finish()
    } catch (error) {
      this.#fail(await this.#causeOf(error))
    }
  }

  get #item(): UploadItem {
    return this.#items.need(this.#id)
  }

  /** Whether nothing of the upload is wanted any more. */
  get #isCancelled(): boolean {
    return this.#then === 'cancel' && !this.#item.wasDone
  }

  /** Sends the files. Returns whether there is an asset now. */
  async #upload(): Promise<boolean> {
    const files = await this.#open()
    if (!files || (await this.#isDuplicate(files))) return false
    const { size } = this.#item
    const assetId = await this.#deps.transport.upload(this.#item, files, {
      signal: this.#stop.signal,
      onProgress: (sent, isSent) => {
        this.#isSent = isSent
        this.#report({ loaded: Math.min(sent, size) }, isSent)
      },
    })
    this.#isSent = true
    this.#items.change(this.#id, { assetId, loaded: size })
    return true
  }

  /** Returns the chosen files; null if the user has to do something before. */
  async #open(): Promise<File[] | null> {
    const chosen = this.#files.get(this.#id)
    if (chosen) return chosen
    const files = await this.#deps.store.open(this.#id, false)
    if (files === 'permission') this.#items.step(this.#id, 'refuse')
    else if (!files) this.#items.step(this.#id, 'lose')
    else if (this.#item.files.some(({ size }, index) => files[index]?.size !== size)) this.#lose()
    else {
      // the file can have another content of the same size
      this.#items.change(this.#id, { sha256: null })
      this.#files.set(this.#id, files)
      return files
    }
    return null
  }

  async #isDuplicate(files: File[]): Promise<boolean> {
    const [file] = files
    const { isFolder, wanted, sha256: known } = this.#item
    if (!file || files.length > 1 || isFolder) return false
    const { signal } = this.#stop
    const onProgress = (checked: number) => this.#report({ checked })
    const sha256 = known ?? (await this.#deps.hash(file, signal, onProgress))
    this.#items.change(this.#id, { sha256 })
    if (wanted) return false
    const duplicate = await this.#deps.transport.findDuplicate(this.#item)
    signal.throwIfAborted()
    if (duplicate) this.#items.step(this.#id, 'match', { duplicate })
    else this.#items.change(this.#id, { wanted: true })
    return duplicate !== null
  }

  #report(change: { loaded?: number; checked?: number }, isLast = false): void {
    const now = this.#deps.now()
    if (!isLast && now - this.#reportedAt < PROGRESS_MS) return
    this.#reportedAt = now
    this.#items.report(this.#id, change)
  }

  /** Gives the asset its fields and its preview picture. */
  async #finish(): Promise<void> {
    const { transport, store } = this.#deps
    for (let change = changeOf(this.#item); change; change = changeOf(this.#item)) {
      const { fields } = this.#item
      await transport.change(this.#item, change)
      this.#items.change(this.#id, { applied: fields })
    }
    const { picture } = this.#item
    const file = picture && !picture.applied ? await store.picture(this.#id) : null
    if (picture && file) {
      await transport.addPicture(this.#item, file)
      this.#items.change(this.#id, { picture: { ...picture, applied: true } })
    }
    this.#files.delete(this.#id)
    // what was typed meanwhile is sent by another attempt
    this.#items.step(this.#id, changeOf(this.#item) ? 'requeue' : 'finish', { wasDone: true })
  }

  /** Browsers say of a file that was changed while it was sent only that the connection broke. */
  async #causeOf(error: unknown): Promise<Error> {
    const cause = toError(error)
    if (!(cause instanceof ApiError) || cause.code !== 'network') return cause
    try {
      for (const file of this.#files.get(this.#id) ?? []) await file.slice(0, 1).arrayBuffer()
      return cause
    } catch (unreadable) {
      return toError(unreadable)
    }
  }

  #lose(): void {
    this.#files.delete(this.#id)
    this.#items.step(this.#id, 'lose', { loaded: 0, error: uploadText.changed })
  }

  #fail(error: Error): void {
    const item = this.#items.get(this.#id)
    if (!item || !this.#items.isOwn(item)) return
    if (this.#isCancelled) {
      // an asset that could not be deleted is not forgotten
      if (item.assetId) this.#items.step(this.#id, 'fail', { error: error.message })
      else void this.#items.remove(this.#id)
      return
    }
    const change = { loaded: item.assetId ? item.size : 0 }
    if (this.#then === 'pause') this.#items.step(this.#id, 'pause', change)
    else if (error.name === 'NotReadableError' || error.name === 'NotFoundError') this.#lose()
    else this.#failBecause(error, { ...change, attempts: item.attempts })
  }

  #failBecause(error: Error, change: { loaded: number; attempts: number }): void {
    const { code, retryAfter } = error instanceof ApiError ? error : { code: 'unexpected', retryAfter: null }
    const { attempts } = change
    const now = this.#deps.now()
    // the upload waits for the next sign-in
    if (this.#then === 'leave' || code === 'unauthenticated') {
      const retryAt = this.#then === 'leave' ? null : now + SIGN_IN_MS
      this.#items.step(this.#id, 'requeue', { ...change, attempts: attempts - 1, retryAt })
      return
    }
    const delay = delayAfter({ code, retryAfter }, attempts, now)
    const words = uploadText.errors[code] ?? error.message
    if (delay === null) this.#items.step(this.#id, 'fail', { ...change, error: words })
    else this.#items.step(this.#id, 'delay', { ...change, error: words, retryAt: now + delay })
  }
}
