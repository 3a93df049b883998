import type { ErrorRequestHandler } from 'express'

/** Discards the upload of a request after an error, then passes the error on. Ends every chain with `upload`. */
export const discardUpload: ErrorRequestHandler = async (error, req, _res, next) => {
  await req.upload?.uploadSession.discardWithTimeout()
  next(error)
}
