import { type FileHandle, open, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { storeUnavailable } from '../../errors.ts'
import { guardStream } from '../guard-stream.ts'
import { isSegment } from '../keys.ts'
import { type ByteRange, ObjectMissing, ObjectsNotRemoved, type StoredObject } from '../object-store.ts'
import { diskCode, pruneFolders, readFolder, syncFolder } from './file-system.ts'

/**
 * Opens a file, or a range of it, as a stream. The stream continues if the file is removed meanwhile.
 *
 * @throws ObjectMissing
 * @throws RangeError when the range starts after the last byte
 */
export async function readObject(
  root: string,
  key: string,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<Readable> {
  signal?.throwIfAborted()
  const handle = await openFile(root, key)
  try {
    await assertReadable(handle, key, range)
    const stream = handle.createReadStream({ ...range, highWaterMark: 256 * 1024 })
    return guardStream(stream, signal)
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openFile(root: string, key: string): Promise<FileHandle> {
  try {
    return await open(join(root, key), 'r')
  } catch (error) {
    const code = diskCode(error)
    throw code === 'ENOENT' || code === 'ENOTDIR' ? new ObjectMissing(key) : error
  }
}

async function assertReadable(handle: FileHandle, key: string, range?: ByteRange): Promise<void> {
  const stats = await handle.stat()
  if (!stats.isFile()) throw new ObjectMissing(key)
  if (range && range.start >= stats.size) throw new RangeError(`byte ${range.start} of ${stats.size}`)
}

/** Lists the objects under a prefix, one folder entry at a time. Leaves out files that are removed meanwhile. */
export function listObjects(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const folder = dirname(`${prefix}.`)
  return walk(root, folder === '.' ? '' : folder, prefix)
}

async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<StoredObject> {
  for await (const entry of readFolder(join(root, folder))) {
    const key = folder ? `${folder}/${entry.name}` : entry.name
    if (!isSegment(entry.name) || !`${key}/`.startsWith(prefix)) continue
    if (entry.isDirectory()) yield* walk(root, key, prefix)
    else {
      const found = key.startsWith(prefix) ? await describe(root, key) : undefined
      if (found) yield found
    }
  }
}

async function describe(root: string, key: string): Promise<StoredObject | undefined> {
  try {
    const { size, mtime } = await stat(join(root, key))
    return { key, size, modifiedAt: mtime }
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Errors of `unlink` that mean there is no such object. */
const NO_OBJECT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/** Removes files and the folders that become empty, and waits until the changes are on the disk. */
export async function removeObjects(root: string, keys: readonly string[]): Promise<void> {
  const folders = new Set<string>()
  const errors = new Map<string, unknown>()
  for (const key of keys) {
    try {
      await unlink(join(root, key))
    } catch (error) {
      const code = diskCode(error)
      if (code === undefined || !NO_OBJECT.has(code)) {
        errors.set(key, error)
        continue
      }
    }
    folders.add(dirname(join(root, key)))
  }
  const changed = new Set<string>()
  for (const folder of folders) changed.add(await pruneFolders(root, folder))
  for (const folder of changed) await syncFolder(folder)
  const [first] = errors.values()
  if (errors.size > 0) throw storeUnavailable(new ObjectsNotRemoved([...errors.keys()], first))
}
