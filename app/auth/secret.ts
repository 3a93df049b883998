import { createSecretKey, hkdfSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../config/env.ts'
import { MIN_SECRET_LENGTH } from '../../config/parsers.ts'
import { closeToOthers } from '../../config/private-files.ts'
import { placeNew } from '../storage/disk/file-system.ts'

/**
 * Returns the secret stored in `dir`. Creates it at the first call. Used when no secret is configured, for development.
 *
 * @throws ConfigError for a secret that is too short, because an attacker could guess it and sign tokens
 */
export async function loadSecret(dir: string): Promise<string> {
  const file = join(dir, 'jwt-secret')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await access(file).catch(() => makeSecret(file))
  await closeToOthers(file, 0o600)
  const secret = await readFile(file, 'utf8')
  if (secret.trim().length < MIN_SECRET_LENGTH)
    throw new ConfigError([
      `${file} must hold a secret of at least ${MIN_SECRET_LENGTH} characters; remove the file to create a new secret`,
    ])
  return secret
}

/** Writes a new secret atomically, unless another process has written one. */
async function makeSecret(file: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}`
  await writeFile(temporary, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600, flush: true })
  try {
    await placeNew(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

/**
 * Derives a key for one purpose from a secret (HKDF, RFC 5869). A signature for one purpose is not valid for another.
 */
export function deriveKey(secret: string, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)))
}
