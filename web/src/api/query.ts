import { QueryClient } from '@tanstack/preact-query'
import { ApiError } from './errors.ts'

/** Errors that the same request would meet again. */
const isFinal = (error: Error) =>
  error instanceof ApiError && !['network', 'unavailable', 'timeout', 'internal'].includes(error.code)

/** The answers that pages share. An answer is read again when it is shown again after 30 s. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      retry: (failures, error) => failures < 2 && !isFinal(error),
      refetchOnWindowFocus: false,
    },
  },
})
