import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret kept in `dir`, made at the first call; for development, where none is configured. */
export async function loadSecret(dir: string): Promise<string> {
  const file = join(dir, 'jwt-secret')
  await mkdir(dir, { recursive: true })
  await writeFile(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  return readFile(file, 'utf8')
}
