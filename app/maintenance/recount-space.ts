import type { Context } from '../context.ts'
import { reconcile } from './reconcile.ts'

/** Open entries of nobody are let live for an hour: long after any request has ended. */
export const STRAY_MS = 3_600_000

/** Puts the sums of every account right; what was wrong is logged, for it should not have been. */
export async function recountSpace({ log }: Pick<Context, 'log'>): Promise<void> {
  const before = new Date(Date.now() - STRAY_MS)
  for await (const discrepancy of reconcile({ fix: true, before }))
    log.warn(discrepancy, 'the space of an account was not what is stored; corrected')
}
