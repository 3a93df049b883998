import type { ErrorRequestHandler } from 'express'
import { failure } from './envelope.ts'
import { logCause, translateError } from './translate-error.ts'

/** What a controller may have said already of the answer that it cannot give. */
const REPRESENTATION = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Type',
  'ETag',
  'Last-Modified',
  'Location',
]

/**
 * Sends any error as the contract's envelope. What caused it stays in the log; once an answer has begun,
 * all that is left is to break it off so that the client sees that it is incomplete.
 */
export const handleErrors: ErrorRequestHandler = (error, req, res, _next) => {
  const refusal = translateError(error)
  logCause(req.context.log, refusal, { reqId: req.id })
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, headers } = refusal
  for (const header of REPRESENTATION) res.removeHeader(header)
  res.set('Cache-Control', 'no-store')
  res.set(headers).status(status)
  res.json(failure(refusal, req.id))
}
