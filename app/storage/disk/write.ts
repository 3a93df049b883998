import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { inFolder, pruneFolders, syncFoldersUpTo, translateDiskError } from './file-system.ts'
import { TEMPORARY, temporaryName } from './temporary.ts'

/** What may wait to be written: one call then writes it together. */
const WAITING_BYTES = 512 * 1024

async function writeNew(path: string, source: Readable): Promise<number> {
  const handle = await open(path, 'wx', 0o600)
  const file = handle.createWriteStream({ highWaterMark: WAITING_BYTES, flush: true })
  // The types leave out that this iterator is iterable. The source is the caller's to destroy, with a reason.
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
  await pipeline(chunks, file)
  return file.bytesWritten
}

/** What a broken disk does not let go now, `removeTemporary` finds later: the first error is the one that counts. */
async function discard(root: string, path: string, folder: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
  await pruneFolders(root, folder).catch(() => undefined)
}

/**
 * Writes an object in whole or not at all: under a temporary name, synced, then renamed, and the folders
 * synced, so that what is acknowledged outlasts a power cut. When the disk fails, the source is destroyed
 * with that error, so that whoever feeds it hears the reason and not a premature close.
 */
export async function writeObject(
  root: string,
  key: string,
  body: Buffer | Readable,
  signal?: AbortSignal,
): Promise<{ size: number }> {
  const source = Buffer.isBuffer(body) ? Readable.from([body]) : body
  // Whatever befalls the source reaches the caller as this function's rejection.
  source.on('error', () => undefined)
  if (signal) addAbortSignal(signal, source)
  const temporary = join(root, TEMPORARY, temporaryName(key))
  const final = join(root, key)
  const folder = dirname(final)
  let written = temporary
  try {
    const size = await writeNew(temporary, source)
    signal?.throwIfAborted()
    await inFolder(folder, () => rename(temporary, final))
    written = final
    await syncFoldersUpTo(root, folder)
    return { size }
  } catch (error) {
    const reason = translateDiskError(error)
    await discard(root, written, folder)
    source.destroy(reason instanceof Error ? reason : undefined)
    throw reason
  }
}
