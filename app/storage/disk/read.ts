import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { guardStream } from '../guard-stream.ts'
import { type ByteRange, ObjectMissing } from '../object-store.ts'
import { diskCode } from './file-system.ts'

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

/** Streams a file, whole or a range; it keeps streaming when the file is removed meanwhile. */
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
