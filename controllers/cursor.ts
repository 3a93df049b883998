import { validationFailed } from '../app/errors.ts'
import { type Position, readCursor } from '../models/plugins/page.ts'

/**
 * Where a list goes on.
 *
 * @param query what the cursor must belong to
 * @throws `validation_failed` for a cursor that is mangled or another query's
 */
export function positionOf(query: unknown, cursor: string | undefined): Position | undefined {
  const position = cursor === undefined ? undefined : readCursor(query, cursor)
  if (position === null)
    throw validationFailed([{ field: 'cursor', message: 'does not belong to this list' }])
  return position
}
