import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import type { AssetFields } from '../../models/asset.ts'
import type { AssetFile, AssetImage } from '../../models/asset-files.ts'
import { expectUpload, insertAsset, type NewAssetFields } from '../../models/asset-upload.ts'
import type { NewEntry, OwnerState, Settlement } from '../../models/plugins/space.ts'
import { User } from '../../models/user.ts'
import { within } from '../clock.ts'
import { notFound } from '../errors.ts'
import type { EventLog } from '../events/event-log.ts'
import { measureUpload } from '../metrics/counters.ts'
import {
  Backoff,
  extendReservation,
  type LimitedLedger,
  limitedLedgersOf,
  type Reserved,
  reserve,
  reserveFiles,
} from '../quota/reservations.ts'
import { assertRoom, type ObjectStore } from '../storage/object-store.ts'
import { uploadPrefix } from './object-keys.ts'
import { type IncomingFile, receiveFile } from './receive-file.ts'
import { discardMs, undoUpload } from './undo-upload.ts'

/** Number of heartbeats within `staleMs`. */
const HEARTBEATS = 4
/** Bytes that an upload of unknown length reserves at a time. */
const STEP_BYTES = 8 * 1024 * 1024
/** Time without a byte after which an upload releases what it reserved ahead, in milliseconds. */
const IDLE_MS = 10_000
/** Largest size of a multipart body besides its files, in bytes. */
export const OVERHEAD_BYTES = 64 * 1024

export interface UploadSessionContext {
  store: ObjectStore
  log: Logger
  events: EventLog
  /** An upload is stale after this many milliseconds without a heartbeat. */
  staleMs: number
  config: Pick<Config, 'space'>
}

/** The received parts of an upload request. */
export interface ReceivedUpload {
  uploadSession: UploadSession
  files: AssetFile[]
  images: AssetImage[]
}

interface Options {
  owner: Types.ObjectId
  asset: Types.ObjectId
  /** Whether this upload creates the asset. */
  isNew: boolean
  /** The announced length of the whole body in bytes; undefined if unknown. */
  announced: number | undefined
  /** Largest number of files. An upload with files has at least one. Each is counted by `addFile`. */
  mostFiles: number
  /** Largest part of `announced` that is not files, in bytes; default: `OVERHEAD_BYTES`. */
  overhead?: number
}

/**
 * One upload from its first byte to the commit. Its reservation in the owner's ledger is the record by which a sweep can
 * undo it. Every byte is reserved before it is stored.
 */
export class UploadSession {
  #bytes = 0
  #objects = 0
  #files = 0
  readonly #reserved: Map<LimitedLedger, Reserved> = new Map()
  #queue: Promise<unknown> = Promise.resolve()
  #isOver = false
  #isSettled = false
  readonly #measured = measureUpload()
  readonly #backoff = new Backoff()
  readonly #heartbeat: NodeJS.Timeout
  readonly #idle: NodeJS.Timeout
  readonly #cancelled = new AbortController()
  /** The prefix of the keys of the owner's objects. */
  #location = ''
  #insertTried = false
  readonly id = randomUUID()
  /** The announced length of the whole body in bytes; undefined if unknown. */
  readonly announced: number | undefined
  readonly asset: Types.ObjectId
  readonly owner: Types.ObjectId

  private constructor(
    private readonly context: UploadSessionContext,
    private readonly options: Options,
  ) {
    this.announced = options.announced
    this.asset = options.asset
    this.owner = options.owner
    this.#heartbeat = setInterval(() => {
      User.recordHeartbeat(this.owner, this.id).catch((error) =>
        context.log.warn({ err: error }, 'the heartbeat of an upload could not be recorded'),
      )
    }, context.staleMs / HEARTBEATS)
    this.#heartbeat.unref()
    this.#idle = setTimeout(() => void this.#enqueue(() => this.#releaseAhead()), IDLE_MS)
    this.#idle.unref()
  }

  /**
   * Reserves space, first in the owner's ledger, because that reservation is the record of the upload.
   *
   * @throws space_exceeded
   * @throws server_full
   * @throws too_many_requests
   * @throws not_found when the asset or its owner is deleted
   */
  static async begin(context: UploadSessionContext, options: Options): Promise<UploadSession> {
    const session = new UploadSession(context, options)
    try {
      await session.#reserve(options)
    } catch (error) {
      await session.discardWithTimeout(error)
      throw error
    }
    return session
  }

  /** Begins an upload and calls `work`, which commits it. Undoes the upload if `work` fails or does not commit it. */
  static async run<T>(
    context: UploadSessionContext,
    options: Options,
    work: (session: UploadSession) => Promise<T>,
  ): Promise<T> {
    const session = await UploadSession.begin(context, options)
    const result = await work(session).catch(async (error) => {
      await session.discardWithTimeout(error)
      throw error
    })
    await session.discardWithTimeout()
    return result
  }

  /** Aborts when the upload is cancelled, so that work queued for it is dropped. */
  get signal(): AbortSignal {
    return this.#cancelled.signal
  }

  /**
   * Stores one file of this upload: reserves, counts and hashes its bytes while they are written, and detects its content.
   *
   * @throws space_exceeded, server_full
   */
  receive(file: IncomingFile): Promise<AssetFile> {
    return receiveFile(this.context.store, this, file)
  }

  /** Returns a key that no other object has or will have. */
  nextKey(): string {
    this.#objects += 1
    return `${uploadPrefix(this.#location, this.id)}${this.#objects}`
  }

  /**
   * Reserves bytes before they are stored. Calls are queued, because the last bytes of one file and the first bytes of
   * the next can arrive at the same time.
   *
   * @throws space_exceeded
   * @throws server_full
   */
  addBytes(bytes: number): Promise<void> {
    return this.#enqueue(() => this.#addBytes(bytes))
  }

  /** Makes bytes free for other files of this upload. The reservation does not change. */
  returnBytes(bytes: number): void {
    this.#bytes -= bytes
  }

  /** Reserves a file before it is stored. @throws space_exceeded when the user has too many files */
  addFile(): Promise<void> {
    return this.#enqueue(async () => {
      this.#files++
      for (const [ledger, reserved] of this.#reserved) {
        if (reserved.files >= this.#files) continue
        reserved.files += await reserveFiles(ledger, this.id, this.options.mostFiles - reserved.files)
      }
    })
  }

  /** Cancels queued work, because the client disconnected. Call `discard` when nothing is being stored any more. */
  cancel(): void {
    this.#cancelled.abort()
  }

  /** Commits the upload of a new asset. Returns null when another process has undone the upload. */
  insertAsset(fields: NewAssetFields): Promise<AssetFields | null> {
    this.#insertTried = true
    return insertAsset(this, fields)
  }

  /**
   * Settles the reservations, the owner's last and after `before`, because that entry is the record of the upload. The commit
   * must have written this upload to the asset's `unsettled` entries before.
   *
   * @returns the state of the owner after the commit; null when another process has settled the upload
   */
  async settle(settlement: Settlement, before?: Promise<unknown>): Promise<OwnerState | null> {
    this.#end(settlement)
    let state: OwnerState | null = null
    for (const [{ model, id }, reserved] of [...this.#reserved].toReversed()) {
      if (model === User) await before
      state = await model.settle(id, this.id, settlement, reserved)
    }
    this.#isSettled = true
    return state
  }

  /** Deletes the objects and the reservations. Finishes the upload instead if its asset names them already. */
  async discard(): Promise<void> {
    this.cancel()
    this.#end(null)
    const { id, owner, asset, options } = this
    const upload = { ...options, id, owner, asset, location: this.#objects > 0 ? this.#location : null }
    await undoUpload(this.context, upload, { neverCommitted: !this.#insertTried })
  }

  /**
   * Discards the upload before an answer, unless it is settled. Returns after `discardMs` at the latest, while the work
   * continues. Errors are only logged, because the sweep tries again.
   */
  async discardWithTimeout(failure?: unknown): Promise<void> {
    if (this.#isSettled) return
    const onError = (err: unknown) => this.context.log.warn({ err }, 'the sweep has to discard an upload')
    await within(discardMs(failure), this.discard().catch(onError))
  }

  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(step)
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #addBytes(bytes: number): Promise<void> {
    const total = this.#bytes + bytes
    this.#idle.refresh()
    for (const [ledger, reserved] of this.#reserved) {
      if (total <= reserved.bytes) continue
      const needed = total - reserved.bytes
      const reservation = { needed, wanted: needed + this.#bytesAhead(total, ledger.aheadBytes) }
      reserved.bytes += await extendReservation(ledger, this.id, reservation, this.#backoff)
    }
    this.#bytes += bytes
  }

  /** Returns how many bytes to reserve beyond the received ones. */
  #bytesAhead(received: number, aheadBytes = STEP_BYTES): number {
    if (this.options.announced === undefined) return STEP_BYTES
    return Math.max(0, Math.min(this.options.announced - received, aheadBytes))
  }

  /** Releases bytes reserved ahead in ledgers that limit them. The next bytes reserve again. */
  async #releaseAhead(): Promise<void> {
    for (const [ledger, reserved] of this.#reserved) {
      if (ledger.aheadBytes === undefined || reserved.bytes === this.#bytes || this.#isOver) continue
      try {
        const change = { from: reserved.bytes, to: this.#bytes }
        if (await ledger.model.shrink(ledger.id, this.id, change)) reserved.bytes = this.#bytes
      } catch (error) {
        this.context.log.warn({ err: error }, 'reserved capacity of an idle upload could not be released')
      }
    }
  }

  #end(stored: Settlement | null): void {
    this.#isOver = true
    this.#measured(stored?.bytes)
    clearInterval(this.#heartbeat)
    clearTimeout(this.#idle)
  }

  async #reserve({ announced, isNew, mostFiles, overhead = OVERHEAD_BYTES }: Options): Promise<void> {
    const least = Math.max(0, (announced ?? 0) - overhead)
    await assertRoom(this.context.store, least)
    const open = async (ledger: LimitedLedger, more: Partial<NewEntry>) => {
      const bytes = Math.min(announced ?? STEP_BYTES, ledger.aheadBytes ?? Number.MAX_SAFE_INTEGER)
      const slack = announced === undefined ? bytes : Math.min(bytes, overhead)
      const entry = { id: this.id, bytes, slack, files: mostFiles, ...more }
      const { reserved, state } = await reserve(ledger, entry, least)
      this.#reserved.set(ledger, reserved)
      return state
    }
    // before the record exists: a process that undoes the upload by its record then cancels what the asset expects
    if (!isNew && !(await expectUpload(this))) throw notFound()
    const [user, server] = limitedLedgersOf(this.owner, this.context.config.space.quota)
    const { location } = await open(user, { asset: this.asset, createsAsset: isNew })
    this.#location = location ?? (await User.locate(this.owner))
    await open(server, { owner: this.owner })
  }
}
