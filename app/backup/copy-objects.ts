import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline as pipelineOf, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertKey } from '../storage/keys.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { BackupError, OBJECTS, type ObjectEntry } from './format.ts'

const pathOf = (dir: string, key: string) => join(dir, OBJECTS, assertKey(key))

/** Passes bytes through and fails with a BackupError at their end if size or checksum differ from the entry. */
function verifying({ key, size, sha256 }: ObjectEntry): Transform {
  const hash = createHash('sha256')
  let passed = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk)
      passed += chunk.length
      callback(null, chunk)
    },
    flush(callback) {
      const isRight = passed === size && hash.digest('hex') === sha256
      callback(
        isRight
          ? null
          : new BackupError(`Object ${key} is damaged: its size or checksum differs from its document.`),
      )
    },
  })
}

/**
 * Copies an object from the store into the backup, completely or not at all.
 *
 * @throws ObjectMissing
 * @throws BackupError when its bytes differ from its document
 */
export async function copyOut(store: ObjectStore, dir: string, entry: ObjectEntry): Promise<void> {
  const path = pathOf(dir, entry.key)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const source = await store.open(entry.key)
  try {
    await pipeline(source, verifying(entry), createWriteStream(path, { mode: 0o600, flush: true }))
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Deletes copies that no document of the backup refers to. */
export async function discardCopies(dir: string, keys: string[]): Promise<void> {
  for (const key of keys) await rm(pathOf(dir, key), { force: true })
}

/**
 * Copies an object from the backup into the store.
 *
 * @throws BackupError when the copy is damaged
 */
export async function copyIn(store: ObjectStore, dir: string, entry: ObjectEntry): Promise<void> {
  const verified = pipelineOf(createReadStream(pathOf(dir, entry.key)), verifying(entry), () => undefined)
  await store.put(entry.key, verified)
}

/** @throws BackupError when the copy of an object is missing or damaged */
export async function verifyCopy(dir: string, entry: ObjectEntry): Promise<void> {
  const verified = verifying(entry)
  verified.resume()
  try {
    await pipeline(createReadStream(pathOf(dir, entry.key)), verified)
  } catch (error) {
    if (error instanceof BackupError) throw error
    throw new BackupError(`Object ${entry.key} is not in the backup.`, { cause: error })
  }
}
