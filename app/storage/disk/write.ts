import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { serverFull } from '../../errors.ts'
import type { PutOptions } from '../object-store.ts'
import { BackgroundSync } from './background-sync.ts'
import {
  freeBytesOf,
  inFolder,
  pruneFolders,
  readFolder,
  syncFoldersUpTo,
  translateDiskError,
} from './file-system.ts'

/** Bytes of a stream that are collected before they are written by one system call. */
const COLLECTED_BYTES = 512 * 1024
/** Most chunks that are collected. A client can send chunks of one byte, each of which takes memory of its own. */
const COLLECTED_CHUNKS_MAX = 64

/** Bytes of a stream between two checks that the disk has room for more. */
const CHECKED_BYTES = 8 * 1024 * 1024

/** Folder of unfinished files below the root of the store. No key can have this name. */
export const TEMPORARY = '.tmp'

/** Returns a new name for an unfinished file: its key, the time when it was begun, and a UUID. */
export const temporaryName = (key: string, begun = Date.now()) =>
  `${key.replaceAll('/', '+')}.${begun}.${randomUUID()}`

function parseTemporaryName(name: string) {
  const [key = '', begun] = name.split('.')
  return { key: key.replaceAll('+', '/'), begun: Number(begun) }
}

/**
 * Writes an object completely or not at all: writes a temporary file, syncs it, renames it and syncs its folders, so
 * that an acknowledged object survives a power failure. When the disk fails, destroys the source with that error, so
 * that the sender gets the reason instead of a premature close.
 */
export async function writeObject(
  root: string,
  key: string,
  body: Buffer | Readable,
  { signal, onChunk }: PutOptions = {},
): Promise<{ size: number }> {
  const temporary = join(root, TEMPORARY, temporaryName(key))
  const final = join(root, key)
  const folder = dirname(final)
  let written = temporary
  try {
    signal?.throwIfAborted()
    const size = Buffer.isBuffer(body)
      ? await writeBuffer(temporary, body)
      : await writeStream(temporary, body, { signal, onChunk }, () => assertRoom(root))
    signal?.throwIfAborted()
    await inFolder(folder, () => rename(temporary, final))
    written = final
    await syncFoldersUpTo(root, folder)
    return { size }
  } catch (error) {
    const reason = translateDiskError(error)
    await discard(root, written, folder)
    if (!Buffer.isBuffer(body)) body.destroy(reason instanceof Error ? reason : undefined)
    throw reason
  }
}

async function writeBuffer(path: string, body: Buffer): Promise<number> {
  await writeFile(path, body, { flag: 'wx', mode: 0o600, flush: true })
  return body.length
}

/** Writes a stream to a new file. Collects the next chunks while one write runs, so that each write has many chunks. */
async function writeStream(
  path: string,
  source: Readable,
  { signal, onChunk }: PutOptions,
  assertRoom: () => Promise<void>,
): Promise<number> {
  // an error of the source rejects the iteration
  source.on('error', () => undefined)
  if (signal) addAbortSignal(signal, source)
  const handle = await open(path, 'wx', 0o600)
  let size = 0
  let chunks: Buffer[] = []
  let collected = 0
  let checkedAt = 0
  let writing: Promise<void> = Promise.resolve()
  const sync = new BackgroundSync(handle)
  const write = async () => {
    await writing
    if (size - checkedAt >= CHECKED_BYTES) {
      checkedAt = size
      await assertRoom()
    }
    writing = writeAll(handle, chunks)
    writing.catch(() => undefined)
    sync.count(collected)
    chunks = []
    collected = 0
  }
  try {
    // The cast is needed because the type of `iterator()` is not iterable. The caller destroys the source with a reason.
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>) {
      await onChunk?.(chunk)
      chunks.push(chunk)
      collected += chunk.length
      size += chunk.length
      if (collected >= COLLECTED_BYTES || chunks.length === COLLECTED_CHUNKS_MAX) await write()
    }
    await write()
    await writing
    await sync.idle()
    await handle.sync()
    return size
  } finally {
    // a call that still runs must not get a file descriptor that was opened again for another file
    await Promise.allSettled([writing, sync.idle()])
    await handle.close()
  }
}

/** @throws server_full before a disk is so full that the database cannot be written */
async function assertRoom(root: string): Promise<void> {
  if ((await freeBytesOf(root)) === 0) throw serverFull(new Error('the disk of the store is full'))
}

/** Writes all bytes. The system can write fewer than asked, for example when the disk is nearly full. */
async function writeAll(handle: FileHandle, chunks: Buffer[]): Promise<void> {
  for (let left = chunks; left.length > 0; ) {
    let { bytesWritten } = await handle.writev(left)
    left = left.flatMap((chunk) => {
      const written = Math.min(chunk.length, bytesWritten)
      bytesWritten -= written
      return written < chunk.length ? [chunk.subarray(written)] : []
    })
  }
}

/** Removes a failed write. Ignores errors: the first error is reported, and `removeUnfinished` repeats the cleanup. */
async function discard(root: string, path: string, folder: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
  await pruneFolders(root, folder).catch(() => undefined)
}

/** Lists the unfinished files under a prefix. */
export async function* listUnfinished(root: string, prefix: string) {
  for await (const { name } of readFolder(join(root, TEMPORARY))) {
    const { key, begun } = parseTemporaryName(name)
    if (key.startsWith(prefix)) yield { name, key, begunAt: new Date(begun) }
  }
}

/** Removes the unfinished files under a prefix, or only those begun before a time. Returns their number. */
export async function removeUnfinished(root: string, prefix: string, before?: Date): Promise<number> {
  let removed = 0
  for await (const { name, begunAt } of listUnfinished(root, prefix)) {
    if (before && begunAt >= before) continue
    await rm(join(root, TEMPORARY, name), { force: true })
    removed++
  }
  return removed
}
