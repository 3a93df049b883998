import { createHash } from 'node:crypto'
import { PASSWORD } from '../../models/password.ts'

/**
 * Old clients send a digest in a password's place, which may be longer than bcrypt reads: it becomes the base64
 * of its SHA-256, the same each time. Whatever fits is taken as it is.
 */
export function foldPassword(password: string): string {
  if (Buffer.byteLength(password) <= PASSWORD.max) return password
  return createHash('sha256').update(password).digest('base64')
}
