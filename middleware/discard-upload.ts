import type { ErrorRequestHandler } from 'express'

/** The end of a chain with `upload` in it: whatever failed, nothing of the upload stays; the error goes on. */
export const discardUpload: ErrorRequestHandler = async (error, req, _res, next) => {
  if (req.upload) {
    try {
      await req.upload.intake.discard()
    } catch (failure) {
      req.log.warn({ err: failure }, 'an upload is left for the sweep to discard')
    }
  }
  next(error)
}
