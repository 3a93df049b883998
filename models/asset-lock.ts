import type { AssetFields, Lock } from './asset-shape.ts'

export const LOCK_MODES = ['governance', 'compliance'] as const
export type LockMode = (typeof LOCK_MODES)[number]

type Locked = { lock?: Lock | null }

/** Whether the asset may not be changed or removed at this moment: held, or kept until later. */
export function isLocked({ lock }: Locked, now: Date): boolean {
  return Boolean(lock && (lock.legalHold || isKept({ lock }, now)))
}

/** Whether a retention runs. */
export function isKept({ lock }: Locked, now: Date): boolean {
  return Boolean(lock?.until && lock.until > now)
}

/** The same as a filter: every update that changes or removes what a lock protects holds only under it. */
export const notLocked = (now: Date) => ({
  'lock.legalHold': { $ne: true },
  'lock.until': { $not: { $gt: now } },
})

/** A lock as clients see it; null once nothing of it holds. */
export function lockView(asset: Pick<AssetFields, 'lock'>, now: Date) {
  if (!asset.lock || !isLocked(asset, now)) return null
  const { mode, until, legalHold } = asset.lock
  return isKept(asset, now) ? { mode, until, legalHold } : { mode: null, until: null, legalHold }
}
