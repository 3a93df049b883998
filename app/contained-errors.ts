import { Counter } from 'prom-client'

/**
 * Counts unexpected errors that ended one socket, request or answer and left the process running (decision 0013).
 * It belongs to the process, not to one app, because handlers of the process count here too.
 */
export const containedErrors = new Counter({
  name: 'kura_contained_errors_total',
  help: 'Unexpected errors that ended one socket, request or answer only',
  labelNames: ['kind'] as const,
  registers: [],
})
