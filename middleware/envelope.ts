import type { RequestHandler } from 'express'
import type { AppError } from '../app/errors.ts'

/** Returns the body of a successful JSON answer. */
export const success = <T extends object>(res: T) => ({ status: 'success' as const, res })

/** Returns the body of an answer with an error. Contains nothing of its cause. */
export const errorEnvelope = ({ code, message, details }: AppError, requestId: unknown) => ({
  status: 'error' as const,
  err: { code, message, ...(details.length > 0 ? { details } : {}), requestId },
})

/** What the answer to a failed request says. */
export interface ErrorAnswer {
  status: number
  headers: Record<string, string>
  body: object
}

/** Returns the answer to a request that failed with an error. */
export type ErrorFormat = (error: AppError, requestId: unknown) => ErrorAnswer

/** The error format of the API: the envelope. */
export const envelopeFormat: ErrorFormat = (error, requestId) => ({
  status: error.status,
  headers: error.headers,
  body: errorEnvelope(error, requestId),
})

/** Errors that say that the input is wrong, malformed or taken. */
const WRONG_INPUT = /^(?:validation_failed|malformed_\w+|checksum_mismatch|taken|bad_credentials)$/

/**
 * The error format of the earlier Kumo service: `{name, message}` without an envelope. Every error in the input has the
 * status 422 there, wrong credentials too.
 */
const bareFormat: ErrorFormat = ({ status, code: name, message, details, headers }) => {
  const faults = details.map(({ field, message }) => [field, message].filter(Boolean).join(' '))
  const body = { name, message: faults.length > 0 ? `${message} ${faults.join('; ')}.` : message }
  if (!WRONG_INPUT.test(name)) return { status, headers, body }
  const { 'WWW-Authenticate': _challenge, ...others } = headers
  return { status: 422, headers: others, body }
}

/** Answers the errors of a request in `bareFormat`. Comes before everything that can fail. */
export const useBareErrors: RequestHandler = (req, _res, next) => {
  req.errorFormat = bareFormat
  next()
}
