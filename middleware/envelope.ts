import type { AppError } from '../app/errors.ts'

/** The one shape of every successful JSON answer (contract §1). */
export const success = <T extends object>(res: T) => ({ status: 'success' as const, res })

/** The one shape of every refusal; nothing of its cause. */
export const failure = ({ code, message, details }: AppError, requestId: unknown) => ({
  status: 'error' as const,
  err: { code, message, ...(details.length > 0 ? { details } : {}), requestId },
})
