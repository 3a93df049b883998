import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { closeToOthers } from '../private-files.ts'

/** The secret kept in `dir`, made at the first call; for development, where none is configured. */
export async function loadSecret(dir: string): Promise<string> {
  const file = join(dir, 'jwt-secret')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await writeFile(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  await closeToOthers(file, 0o600)
  return readFile(file, 'utf8')
}

/**
 * Derives a key for one purpose from a secret (RFC 5869), so that what is signed for one purpose is never taken for
 * another.
 */
export function deriveKey(secret: string, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)))
}
