import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline as pipelineOf, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertKey } from '../storage/keys.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { BackupError, DamagedObject, OBJECTS, type ObjectEntry, writing } from './format.ts'

const pathOf = (dir: string, key: string) => join(dir, OBJECTS, assertKey(key))

/** Passes bytes through and fails with a DamagedObject at their end if size or checksum differ from the entry. */
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
          : new DamagedObject(`Object ${key} is damaged: its size or checksum differs from its document.`),
      )
    },
  })
}

/**
 * Copies an object from the store into the backup, completely or not at all.
 *
 * @throws ObjectMissing
 * @throws DamagedObject when its bytes differ from its document
 * @throws BackupError when it cannot be written
 */
export async function copyOut(
  store: ObjectStore,
  dir: string,
  entry: ObjectEntry,
  signal: AbortSignal,
): Promise<void> {
  const path = pathOf(dir, entry.key)
  const source = await store.open(entry.key, undefined, signal)
  try {
    await pipeline(source, verifying(entry), (chunks: AsyncIterable<Buffer>) => writeFile(path, chunks), {
      signal,
    })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function writeFile(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  await writing(mkdir(dirname(path), { recursive: true, mode: 0o700 }))
  const file = await writing(open(path, 'w', 0o600))
  try {
    for await (const chunk of chunks) await writing(file.appendFile(chunk))
    await writing(file.sync())
  } finally {
    await file.close()
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
