import type { ErrorRequestHandler } from 'express'

/** The end of a chain with `upload` in it: whatever failed, nothing of the upload stays; the error goes on. */
export const discardUpload: ErrorRequestHandler = async (error, req, _res, next) => {
  await req.upload?.uploadSession.discardWithTimeout()
  next(error)
}
