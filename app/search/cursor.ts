import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { mongo } from 'mongoose'
import type { Position } from '../../models/plugins/page.ts'
import { deriveKey } from '../auth/secret.ts'
import { validationFailed } from '../errors.ts'

const { EJSON } = mongo.BSON

/** Bytes of a signature: half of SHA-256 (RFC 2104 §5). */
const MAC_BYTES = 16

/** Writes and reads the cursors of lists. Clients cannot read, change or create one. */
export interface Cursors {
  /** @param query the query of the list; the cursor is refused with another one */
  write(query: unknown, next: readonly unknown[] | null): string | null
  /**
   * Returns the position after which a list continues; undefined without a cursor.
   *
   * @param what the name of the list in the message
   * @param field the parameter with the cursor
   * @throws validation_failed for a cursor that was changed or belongs to another query
   */
  read(
    query: unknown,
    cursor: string | undefined,
    what?: 'list' | 'search',
    field?: string,
  ): Position | undefined
}

/**
 * Creates cursors that are signed with a key derived from the first secret and verified with the keys of all secrets,
 * so that only values written by the service reach the database.
 *
 * @param secrets at least one
 */
export function createCursors(secrets: readonly string[]): Cursors {
  const keys = secrets.map((secret) => deriveKey(secret, 'kura cursors'))
  const [signing] = keys
  if (!signing) throw new TypeError('at least one secret is required')

  return {
    write(query, next) {
      if (next === null) return null
      const position = EJSON.stringify(next)
      return Buffer.concat([macOf(signing, query, position), Buffer.from(position)]).toString('base64url')
    },
    read(query, cursor, what = 'list', field = 'cursor') {
      if (cursor === undefined) return undefined
      const bytes = Buffer.from(cursor, 'base64url')
      const [mac, position] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES).toString()]
      // decoding ignores characters outside base64url, so one cursor could be written in many ways
      const isOurs =
        bytes.toString('base64url') === cursor &&
        mac.length === MAC_BYTES &&
        keys.some((key) => timingSafeEqual(mac, macOf(key, query, position)))
      if (!isOurs) throw validationFailed([{ field, message: `does not belong to this ${what}` }])
      return EJSON.parse(position) as Position
    },
  }
}

/** Signs the query and the position. JSON contains no line break, so no two pairs have the same signature. */
function macOf(key: KeyObject, query: unknown, position: string): Buffer {
  const signed = `${EJSON.stringify(query)}\n${position}`
  return createHmac('sha256', key).update(signed).digest().subarray(0, MAC_BYTES)
}
