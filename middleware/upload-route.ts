import type { Request, RequestHandler, Response } from 'express'
import { Types } from 'mongoose'
import { within } from '../app/clock.ts'
import { keyReused, unauthenticated, validationFailed } from '../app/errors.ts'
import { claimKey, hashOf, KeyClaim } from '../app/uploads/key-claim.ts'
import { discardMs } from '../app/uploads/undo-upload.ts'
import { UploadSession } from '../app/uploads/upload-session.ts'
import { hasContent } from './answer-before-body.ts'
import { requireUnencoded } from './parse-form.ts'

/** How a route receives uploads. */
interface Receiver {
  /** Refuses a request by its headers. */
  check: (req: Request) => void
  /** Stores the files of a request, and sets `req.upload` and `req.sentFiles`. */
  store: (req: Request, res: Response) => Promise<void>
  /** Sets `req.sentFiles` without storing anything. A route with this function takes `Idempotency-Key`. */
  measure?: ((req: Request, res: Response) => Promise<void>) | undefined
}

/**
 * Creates the handler of a route that receives an upload. `handler` commits the upload and answers. When the request
 * fails or the upload is not committed, undoes it before the answer.
 *
 * A repeat of a request with the same `Idempotency-Key` is received without storing it. `handler` then answers with
 * `req.firstAnswer`.
 */
export function uploadRoute({ check, store, measure }: Receiver, handler: RequestHandler): RequestHandler {
  return async function handleUpload(req, res, next) {
    check(req)
    const first = measure && (await claim(req))
    let failure: unknown
    try {
      if (first) {
        await measure(req, res)
        if (contentOf(req) !== first.content) throw keyReused()
        req.firstAnswer = await first.answer()
      } else {
        await store(req, res)
        await req.keyClaim?.describe(contentOf(req))
      }
      await handler(req, res, next)
    } catch (error) {
      failure = error
      throw error
    } finally {
      await req.upload?.uploadSession.discardWithTimeout(failure)
      if (req.keyClaim) await within(discardMs(failure), req.keyClaim.end())
    }
  }
}

/** One to 128 visible characters of ASCII. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/

/** Claims the key of a request and sets `req.keyClaim`; or returns the first request with the key, if it succeeded. */
async function claim(req: Request) {
  const key = req.get('Idempotency-Key')
  const { user, method, originalUrl } = req
  if (key === undefined || !user) return undefined
  if (!IDEMPOTENCY_KEY.test(key))
    throw validationFailed([
      { field: 'Idempotency-Key', message: 'must be 1 to 128 visible characters of ASCII' },
    ])
  const claimed = await claimKey(req.context, { user, key, head: `${method} ${originalUrl}` })
  if (!(claimed instanceof KeyClaim)) return claimed
  req.keyClaim = claimed
  return undefined
}

/** Returns a hash of the fields of a request, in any order, and of its files. */
function contentOf({ body = {}, sentFiles = [] }: Request): string {
  const fields = Object.entries(body as object).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return hashOf([fields, sentFiles.map(({ field, name, size }) => [field, name, size])])
}

type Announced = Pick<Parameters<typeof UploadSession.begin>[1], 'announced' | 'mostFiles' | 'overhead'>

/** Begins the upload at the cost of the asset's owner, or of the user for a new asset. */
export function beginUploadSession({ user, asset, keyClaim, context }: Request, announced: Announced) {
  if (!user) throw unauthenticated()
  return UploadSession.begin(context, {
    owner: asset?.owner ?? user._id,
    asset: asset?._id ?? keyClaim?.asset ?? new Types.ObjectId(),
    isNew: !asset,
    ...announced,
  })
}

/** Checks that the body is neither encoded nor a range of a file. @throws unsupported_media, validation_failed */
export function requireWhole({ headers }: Request): void {
  if (headers['content-range'] !== undefined)
    throw validationFailed([{ field: 'Content-Range', message: 'is not supported: send whole files' }])
  requireUnencoded(headers)
}

/** Returns the length of the body in bytes; undefined if it is not known. */
export function announcedLength(req: Request): number | undefined {
  const length = req.headers['content-length']
  if (length !== undefined) return Number(length)
  return hasContent(req) ? undefined : 0
}
