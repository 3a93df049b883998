import { text } from '../text.ts'

/** An error answer of the API, or a request without an answer (`code` is then `network`). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: readonly { field: string; message: string }[] = [],
    readonly requestId: string | null = null,
    /** The header `Retry-After` of the answer. */
    readonly retryAfter: string | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Returns why a field is refused; undefined if it is not. */
  faultOf(field: string): string | undefined {
    const message = this.details.find((detail) => detail.field === field)?.message
    if (message && this.code === 'taken') return text.errors.taken
    return message && `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  }
}

interface ErrorAnswer {
  err: { code: string; message: string; details?: { field: string; message: string }[]; requestId: string }
}

/** Returns the error that the body of an answer describes. @param retryAfter header of the answer */
export function errorOf(body: unknown, retryAfter: string | null = null): ApiError {
  const { err } = (body ?? {}) as Partial<ErrorAnswer>
  if (!err) return new ApiError('unexpected', text.errors.unexpected)
  return new ApiError(err.code, err.message, err.details, err.requestId, retryAfter)
}

/** Returns whether an asset does not exist or cannot be read, which are the same to the user. */
export const isMissing = (error: Error): boolean =>
  error instanceof ApiError && ['not_found', 'forbidden', 'validation_failed'].includes(error.code)

/** Returns any thrown value as an error that can be shown. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof TypeError) return new ApiError('network', text.errors.offline)
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
