import { type Position, readCursor } from '../models/plugins/page.ts'
import { validationFailed } from './errors.ts'

/**
 * Where a list goes on.
 *
 * @param query what the cursor must belong to
 * @param what it is called in the refusal
 * @throws `validation_failed` for a cursor that is mangled or another query's
 */
export function positionOf(
  query: unknown,
  cursor: string | undefined,
  what: 'list' | 'search' = 'list',
): Position | undefined {
  const position = cursor === undefined ? undefined : readCursor(query, cursor)
  if (position === null)
    throw validationFailed([{ field: 'cursor', message: `does not belong to this ${what}` }])
  return position
}
