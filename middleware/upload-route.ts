import type { Request, RequestHandler, Response } from 'express'
import { Types } from 'mongoose'
import { unauthenticated, unsupportedMedia, validationFailed } from '../app/errors.ts'
import { UploadSession } from '../app/uploads/upload-session.ts'
import { hasContent } from './answer-before-body.ts'

/**
 * Creates the handler of a route that receives an upload. `receive` stores the files of a request and sets `req.upload`,
 * and `handler` commits the upload and answers. When one of them fails or the upload is not committed, undoes it before
 * the answer.
 */
export function uploadRoute(
  receive: (req: Request, res: Response) => Promise<void>,
  handler: RequestHandler,
): RequestHandler {
  return async function handleUpload(req, res, next) {
    try {
      await receive(req, res)
      await handler(req, res, next)
    } finally {
      await req.upload?.uploadSession.discardWithTimeout()
    }
  }
}

type Announced = Pick<Parameters<typeof UploadSession.begin>[1], 'announced' | 'mostFiles' | 'overhead'>

/** Begins the upload at the cost of the asset's owner, or of the user for a new asset. */
export function beginUploadSession({ user, asset, context }: Request, announced: Announced) {
  if (!user) throw unauthenticated()
  return UploadSession.begin(context, {
    owner: asset?.owner ?? user._id,
    asset: asset?._id ?? new Types.ObjectId(),
    isNew: !asset,
    ...announced,
  })
}

/** Checks that the body is neither compressed nor a range of a file. @throws unsupported_media, validation_failed */
export function requireWhole({ headers }: Request): void {
  if (headers['content-range'] !== undefined)
    throw validationFailed([{ field: 'Content-Range', message: 'is not supported: send whole files' }])
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw unsupportedMedia('The body must have no Content-Encoding.')
}

/** Returns the length of the body in bytes; undefined if it is not known. */
export function announcedLength(req: Request): number | undefined {
  const length = req.headers['content-length']
  if (length !== undefined) return Number(length)
  return hasContent(req) ? undefined : 0
}
