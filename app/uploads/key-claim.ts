import { createHash, randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import type { Caller } from '../../models/asset-access.ts'
import { fenceAsset } from '../../models/asset-upload.ts'
import { databaseNow } from '../../models/database-time.ts'
import { readWhole } from '../../models/file-set.ts'
import {
  ANSWER_MAX_BYTES,
  IdempotencyKey,
  type IdempotencyKeyFields,
  KEY_MS,
  type NewClaim,
} from '../../models/idempotency-key.ts'
import { serializeAssets } from '../../models/views/asset.ts'
import { plainUrls } from '../assets/signed-url.ts'
import type { Context } from '../context.ts'
import { keyInUse, keyReused, notFound, tooManyRequests } from '../errors.ts'

/** Number of heartbeats within `staleMs`. */
const HEARTBEATS = 4
/** Most attempts to claim a key that other requests claim, free or take over at the same time. */
const MAX_ATTEMPTS = 5
/** Seconds until a user with too many keys should try again. */
const FULL_SECONDS = 3600

type ClaimContext = Pick<Context, 'clock' | 'staleMs' | 'log' | 'config'>

/** A request with a key. */
interface KeyedRequest {
  user: Caller
  key: string
  /** Its method, path and query. */
  head: string
}

/** A request that has succeeded. Its repeats are answered without storing anything. */
interface FirstRequest {
  /** Hash of its fields, and of the names and lengths of its files. */
  content: string
  /** Returns the asset in its answer, as JSON. @throws not_found when the answer was too long to store and the asset is deleted */
  answer(): Promise<string>
}

/** Returns the hash by which requests are compared. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')

/**
 * The claim of a request on its key. While it runs, repeats are refused. The key is stored before the asset, with the id
 * that the asset will get, so that after a crash the asset decides whether the request has succeeded.
 */
export class KeyClaim {
  readonly #heartbeat: NodeJS.Timeout
  #isDescribed = false
  #isComplete = false

  constructor(
    private readonly context: ClaimContext,
    private readonly record: NewClaim,
  ) {
    this.#heartbeat = setInterval(() => {
      this.#beat().catch((err) => context.log.warn({ err }, 'the heartbeat of a key could not be recorded'))
    }, context.staleMs / HEARTBEATS)
    this.#heartbeat.unref()
  }

  /** The id that the new asset must get. */
  get asset(): Types.ObjectId {
    return this.record.asset
  }

  /** Stores what the request contains. Call it before the commit. @throws conflict when another request has taken the key over */
  async describe(content: string): Promise<void> {
    this.#isDescribed = true
    if (!(await IdempotencyKey.change(this.record, { content }))) throw keyInUse()
  }

  /** Stores the answer. Call it after the commit and before the answer is sent. */
  async complete(answer: string): Promise<void> {
    await IdempotencyKey.change(this.record, {
      answer: toStored(answer),
      expiresAt: expiryFrom(this.context),
    })
    this.#isComplete = true
  }

  /** Ends the claim: frees the key of a failed request. Errors are only logged, because a dead claim is taken over. */
  async end(): Promise<void> {
    clearInterval(this.#heartbeat)
    if (this.#isComplete) return
    try {
      if (!this.#isDescribed) await IdempotencyKey.free(this.record)
      // it may be committed: the next request finds out
      else await IdempotencyKey.change(this.record, { heartbeatAt: new Date(0) })
    } catch (err) {
      this.context.log.warn({ err }, 'the key of a failed upload stays until it is stale')
    }
  }

  async #beat(): Promise<void> {
    const heartbeatAt = await databaseNow()
    await IdempotencyKey.change(this.record, { heartbeatAt, expiresAt: expiryFrom(this.context) })
  }
}

/**
 * Claims the key of a request, or returns the first request with this key if it has succeeded.
 *
 * @throws conflict when the first request still runs, or was another one
 * @throws too_many_requests when the user has too many keys
 */
export async function claimKey(
  context: ClaimContext,
  { user, key, head: given }: KeyedRequest,
): Promise<KeyClaim | FirstRequest> {
  const head = hashOf(given)
  const claim: NewClaim = {
    _id: `${user._id}:${key}`,
    user: user._id,
    claim: randomUUID(),
    head,
    asset: new Types.ObjectId(),
    expiresAt: expiryFrom(context),
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const stored = await IdempotencyKey.findById(claim._id).lean()
    if (!stored) {
      if (!(await IdempotencyKey.hasRoom(user._id))) throw tooManyRequests(FULL_SECONDS)
      if (await IdempotencyKey.claim(claim)) return new KeyClaim(context, claim)
      continue
    }
    // the driver repeats an insert after it lost the response
    if (stored.claim === claim.claim) return new KeyClaim(context, claim)
    const first = await firstRequest(context, stored, user)
    if (first && stored.head !== head) throw keyReused()
    if (first) return first
    if (await IdempotencyKey.takeOver(stored, claim)) return new KeyClaim(context, claim)
  }
  throw keyInUse()
}

/**
 * Returns a first request that has succeeded; null when it failed, died or is too old, so that its key is free.
 *
 * @throws conflict when it still runs
 */
async function firstRequest(
  context: ClaimContext,
  stored: IdempotencyKeyFields,
  user: Caller,
): Promise<FirstRequest | null> {
  const { content, answer, expiresAt, heartbeatAt } = stored
  const isExpired = expiresAt <= context.clock.now()
  if (content !== null && answer !== null)
    return isExpired ? null : { content, answer: async () => answer || currentAnswer(context, stored, user) }
  if (heartbeatAt.getTime() > (await databaseNow()).getTime() - context.staleMs) throw keyInUse()
  const found = await committed(context, stored, user)
  return content !== null && found !== null && !isExpired ? { content, answer: async () => found } : null
}

/** Returns the answer to a dead request that was committed. Prevents that it is committed later if it was not. */
async function committed(
  context: ClaimContext,
  stored: IdempotencyKeyFields,
  user: Caller,
): Promise<string | null> {
  const asset = await fenceAsset(stored.asset)
  if (asset?.state !== 'ready') return null
  const answer = await answerFrom(context, stored, user)
  if (answer === null) return null
  await IdempotencyKey.change(stored, { answer: toStored(answer), expiresAt: expiryFrom(context) })
  return answer
}

/** Returns an answer that was too long to store, made from the asset as it is now. @throws not_found */
async function currentAnswer(...request: Parameters<typeof answerFrom>): Promise<string> {
  const answer = await answerFrom(...request)
  if (answer === null) throw notFound()
  return answer
}

/** Returns the asset of a request as JSON; null when it is deleted. */
async function answerFrom(
  context: ClaimContext,
  { asset }: IdempotencyKeyFields,
  user: Caller,
): Promise<string | null> {
  const whole = await readWhole(() => Asset.ready(asset))
  const [view] = whole ? await serializeAssets([whole], user, context.clock.now(), plainUrls(context)) : []
  return view ? JSON.stringify(view) : null
}

/** Returns an answer as it is stored: empty if it is too long. A user can have many keys. */
const toStored = (answer: string) => (Buffer.byteLength(answer) > ANSWER_MAX_BYTES ? '' : answer)

const expiryFrom = ({ clock }: Pick<ClaimContext, 'clock'>) => new Date(clock.now().getTime() + KEY_MS)
