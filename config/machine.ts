import { totalmem } from 'node:os'

/**
 * Returns the memory of the machine or container in bytes. Without a limit, `process.constrainedMemory` returns 0 or an
 * impossibly large number.
 */
export function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY)
}
