import { type AssetFields, isKept } from '../../models/asset.ts'
import { type AppError, locked } from '../errors.ts'

/** Returns the error for a change that an asset's lock forbids. Its details say which lock holds, and until when. */
export function lockedBy({ lock }: Pick<AssetFields, 'lock'>, now: Date): AppError {
  const kept = isKept({ lock }, now) ? `a ${lock?.mode} lock runs until ${lock?.until?.toISOString()}` : null
  const held = lock?.legalHold ? 'a legal hold runs until it is ended' : null
  return locked([kept, held].flatMap((message) => (message ? [{ field: 'lock', message }] : [])))
}
