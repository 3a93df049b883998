import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import type { AssetFile, AssetImage } from '../../models/asset.ts'
import { beginAsset, expectUpload, recordSettled } from '../../models/asset-upload.ts'
import type { Settlement } from '../../models/plugins/ledger.ts'
import { type NewUpload, Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { notFound } from '../errors.ts'
import {
  addFile,
  extend,
  type LimitedAccount,
  limitedAccountsOf,
  open,
  type Reserved,
  settle,
} from '../quota/accounts.ts'
import { Patience } from '../quota/backoff.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { prefixOf } from './keys.ts'
import { undoUpload } from './undo-upload.ts'

/** Heartbeats in the time after which an upload without one is dead. */
const HEARTBEATS = 4
/** How much is reserved at a time where the length is not known. */
const STEP_BYTES = 8 * 1024 * 1024
/** Milliseconds without a byte after which an upload gives back what it holds ahead of its bytes. */
const SILENCE_MS = 10_000
/** How long somebody waits at the most for an upload to be discarded. */
const DISCARD_MS = 5000
/** What a multipart body of a few fields carries besides its files, at the most. */
export const OVERHEAD_BYTES = 64 * 1024

/** What an upload works with. */
export interface IntakeContext {
  store: ObjectStore
  log: Logger
  /** An upload without a heartbeat for this many milliseconds is dead. */
  staleMs: number
  config: Pick<Config, 'space'>
}

/** What a multipart request has brought so far. */
export interface ReceivedUpload {
  intake: Intake
  files: AssetFile[]
  images: AssetImage[]
}

interface Options {
  owner: Types.ObjectId
  asset: Types.ObjectId
  /** The asset begins with this upload. */
  isNew: boolean
  /** The length of the whole body in bytes, where it is announced. */
  announced: number | undefined
  /** How many files it brings at most; at least one unless 0. Each is counted by `addFile`. */
  mostFiles: number
  /** How much of that may be other than files, at the most; default: as in a multipart body. */
  overhead?: number
}

/**
 * Bytes on their way in: the record that a sweep can undo them by, and the space they count against.
 * Every byte is taken from the space before it is stored.
 */
export class Intake {
  #taken = 0
  #objects = 0
  #files = 0
  /** What is reserved on each account. */
  #held: Map<LimitedAccount, Reserved> = new Map()
  #turn: Promise<unknown> = Promise.resolve()
  #isOver = false
  readonly #patience = new Patience()
  #heartbeat: NodeJS.Timeout
  readonly #abandoned = new AbortController()
  readonly #silence: NodeJS.Timeout

  private constructor(
    private readonly context: IntakeContext,
    private readonly record: NewUpload,
    private readonly announced: number | undefined,
  ) {
    this.#heartbeat = setInterval(() => {
      Upload.beat(record._id).catch((error) =>
        context.log.warn({ err: error }, 'an upload could not be kept alive'),
      )
    }, context.staleMs / HEARTBEATS)
    this.#heartbeat.unref()
    this.#silence = setTimeout(() => void this.#inTurn(() => this.#releaseAhead()), SILENCE_MS)
    this.#silence.unref()
  }

  /** Writes the record, then reserves. @throws `space_exceeded`, `server_full` */
  static async begin(context: IntakeContext, options: Options): Promise<Intake> {
    const id = randomUUID()
    const location = await User.locate(options.owner)
    const record = {
      _id: id,
      owner: options.owner,
      asset: options.asset,
      prefix: prefixOf(location, id),
    }
    await Upload.begin(record)
    const intake = new Intake(context, record, options.announced)
    try {
      await intake.#announce(options.isNew)
      await intake.#reserve(options)
    } catch (error) {
      await intake.discardSoon()
      throw error
    }
    return intake
  }

  get id(): string {
    return this.record._id
  }

  get asset(): Types.ObjectId {
    return this.record.asset
  }

  get owner(): Types.ObjectId {
    return this.record.owner
  }

  /** Aborts when the upload is abandoned: what waits on its behalf is dropped. */
  get signal(): AbortSignal {
    return this.#abandoned.signal
  }

  /** A key that nothing else has or will have. */
  nextKey(): string {
    this.#objects += 1
    return `${this.record.prefix}${this.#objects}`
  }

  /**
   * Counts bytes that are about to be stored. Of several files the last bytes of one and the first of the next come
   * at the same time: they are counted one after the other.
   *
   * @throws `space_exceeded`, `server_full`
   */
  take(bytes: number): Promise<void> {
    return this.#inTurn(() => this.#take(bytes))
  }

  /** Counts a file that is about to be stored. @throws `space_exceeded` when the user has too many */
  addFile(): Promise<void> {
    return this.#inTurn(async () => {
      this.#files++
      for (const [account, held] of this.#held) {
        if (held.files >= this.#files) continue
        await addFile(account, this.id)
        held.files = this.#files
      }
    })
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #take(bytes: number): Promise<void> {
    const needed = this.#taken + bytes
    this.#silence.refresh()
    for (const [account, held] of this.#held) {
      if (needed <= held.bytes) continue
      const missing = needed - held.bytes
      const ahead = this.#stillToCome(needed, account.aheadBytes)
      held.bytes += await extend(account, this.id, missing, missing + ahead, this.#patience)
    }
    this.#taken += bytes
  }

  /** Counts bytes as free again that were taken and are not stored: the reservation stays. */
  giveBack(bytes: number): void {
    this.#taken -= bytes
  }

  /** Says that the client has gone. Call `discard` when nothing is being stored any more. */
  abandon(): void {
    this.#abandoned.abort()
  }

  /** Returns how many bytes to reserve ahead, once `taken` have come. */
  #stillToCome(taken: number, aheadBytes = STEP_BYTES): number {
    if (this.announced === undefined) return STEP_BYTES
    return Math.max(0, Math.min(this.announced - taken, aheadBytes))
  }

  /** Gives back what is held ahead, on accounts that bound it. It is reserved again when bytes come. */
  async #releaseAhead(): Promise<void> {
    for (const [account, held] of this.#held) {
      if (account.aheadBytes === undefined || held.bytes === this.#taken || this.#isOver) continue
      try {
        const change = { from: held.bytes, to: this.#taken }
        if (await account.ledger.shrink(account.id, this.id, change)) held.bytes = this.#taken
      } catch (error) {
        this.context.log.warn({ err: error }, 'reserved capacity could not be given back')
      }
    }
  }

  /** Counts what was kept and forgets the record; the asset must name the upload as unsettled already. */
  async settle(settlement: Settlement): Promise<void> {
    this.#end()
    await settle([...this.#held.keys()], this.id, settlement)
    await recordSettled(this)
    await Upload.forget(this.id)
  }

  /** Leaves nothing of the upload: no object, no reserved space, no record, no half asset. */
  async discard(): Promise<void> {
    this.abandon()
    this.#end()
    await undoUpload(this.context.store, this.record)
  }

  /** As `discard`, for who is to answer: what takes long goes on meanwhile, what fails is left for the sweep. */
  async discardSoon(): Promise<void> {
    const waited = new AbortController()
    const discarded = this.discard()
      .catch((error) => this.context.log.warn({ err: error }, 'an upload is left for the sweep to discard'))
      .finally(() => waited.abort())
    const late = delay(DISCARD_MS, undefined, { signal: waited.signal }).catch(() => undefined)
    await Promise.race([discarded, late])
  }

  #end(): void {
    this.#isOver = true
    clearInterval(this.#heartbeat)
    clearTimeout(this.#silence)
  }

  async #announce(isNew: boolean): Promise<void> {
    if (isNew) await beginAsset(this)
    else if (!(await expectUpload(this))) throw notFound()
  }

  async #reserve({ announced, mostFiles, overhead = OVERHEAD_BYTES }: Options): Promise<void> {
    const least = Math.max(0, (announced ?? 0) - overhead)
    for (const account of limitedAccountsOf(this.owner, this.context.config.space.quota)) {
      const { aheadBytes = Number.MAX_SAFE_INTEGER } = account
      const bytes = Math.min(announced ?? STEP_BYTES, aheadBytes)
      const slack = announced === undefined ? bytes : Math.min(bytes, overhead)
      const reserved = await open(account, { id: this.id, bytes, slack, files: mostFiles }, least)
      this.#held.set(account, reserved)
    }
  }
}
