import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/**
 * Returns the memory of the machine or container in bytes. Without a limit, `process.constrainedMemory` returns 0 or an
 * impossibly large number.
 */
export function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY)
}

/** Returns how many files and connections this process can have open: infinity without a limit, or if it cannot be read. */
export function descriptorLimit(): number {
  let limits = ''
  try {
    // only Linux has this file; a process report has the limit on other systems, but takes long to write
    limits = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return Number.POSITIVE_INFINITY
  }
  const [, limit] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}
