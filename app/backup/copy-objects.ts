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

/** Passes bytes on and tells in the end whether they are those of an entry. */
function checking({ key, size, sha256 }: ObjectEntry): Transform {
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
      callback(isRight ? null : new BackupError(`Object ${key} is damaged: its size or checksum is another.`))
    },
  })
}

/**
 * Copies an object out of the store, whole and right or not at all.
 *
 * @throws ObjectMissing, BackupError when its bytes are not what its document says
 */
export async function copyOut(store: ObjectStore, dir: string, entry: ObjectEntry): Promise<void> {
  const path = pathOf(dir, entry.key)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const source = await store.open(entry.key)
  try {
    await pipeline(source, checking(entry), createWriteStream(path, { mode: 0o600, flush: true }))
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Forgets copies that no document names after all. */
export async function dropCopies(dir: string, keys: string[]): Promise<void> {
  for (const key of keys) await rm(pathOf(dir, key), { force: true })
}

/** Puts an object back. @throws BackupError when the copy is damaged */
export async function copyIn(store: ObjectStore, dir: string, entry: ObjectEntry): Promise<void> {
  const checked = pipelineOf(createReadStream(pathOf(dir, entry.key)), checking(entry), () => undefined)
  await store.put(entry.key, checked)
}

/** @throws BackupError when a copy is not there or damaged */
export async function verifyCopy(dir: string, entry: ObjectEntry): Promise<void> {
  const checked = checking(entry)
  checked.resume()
  try {
    await pipeline(createReadStream(pathOf(dir, entry.key)), checked)
  } catch (error) {
    if (error instanceof BackupError) throw error
    throw new BackupError(`Object ${entry.key} is not in the backup.`, { cause: error })
  }
}
