import type { AppError } from '../app/errors.ts'

/** Returns the body of a successful JSON answer. */
export const success = <T extends object>(res: T) => ({ status: 'success' as const, res })

/** Returns the body of an answer with an error. Contains nothing of its cause. */
export const errorEnvelope = ({ code, message, details }: AppError, requestId: unknown) => ({
  status: 'error' as const,
  err: { code, message, ...(details.length > 0 ? { details } : {}), requestId },
})
