import type { Response } from 'express'
import type { AppError } from '../app/errors.ts'

/** Returns the body of a successful JSON answer. */
export const success = <T extends object>(res: T) => ({ status: 'success' as const, res })

/** Returns the body of an answer with an error. Contains nothing of its cause. */
export const errorEnvelope = ({ code, message, details }: AppError, requestId: unknown) => ({
  status: 'error' as const,
  err: { code, message, ...(details.length > 0 ? { details } : {}), requestId },
})

/**
 * Sends JSON text. Does the same as `res.json` with less work: the text is made once, and Node sends it together with the
 * headers.
 */
export function sendJson(res: Response, text: string, status = 200): void {
  res.statusCode = status
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}
