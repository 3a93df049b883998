import { once } from 'node:events'
import { pipeline, type Readable, Transform } from 'node:stream'
import { ZipArchive } from 'archiver'
import type { AssetFile } from '../../models/asset-files.ts'
import { addToStem, cleanFileName } from '../media/file-name.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Returns the files as one zip, created while it is read: each object is read after the one before it. Files are not
 * compressed, because most media are compressed already. Fails when an object cannot be read or has another size than
 * its file.
 */
export function zipFiles(
  store: ObjectStore,
  files: AssetFile[],
  modifiedAt: Date,
  signal: AbortSignal,
): Readable {
  const archive = new ZipArchive({ store: true })
  // the archiver can emit several errors, also after the client has disconnected
  archive.on('error', () => undefined)
  const names = uniqueNames(files.map(({ name }) => cleanFileName(name)))
  const fill = async () => {
    for (const [index, file] of files.entries()) {
      const object = await store.open(file.key, undefined, signal)
      const body = pipeline(object, checkSize(file), (error) => {
        if (error) archive.destroy(error)
      })
      archive.append(body, { name: names[index] ?? 'file', date: modifiedAt })
      await once(archive, 'entry', { signal })
    }
    await archive.finalize()
  }
  fill().catch((error) => archive.destroy(error))
  return archive
}

/** Passes the bytes of an object through. Fails at the end when they are not as many as the size of the file. */
function checkSize({ key, size }: AssetFile): Transform {
  let passed = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      passed += chunk.length
      callback(null, chunk)
    },
    flush(callback) {
      callback(passed === size ? null : new Error(`the object ${key} has ${passed} bytes instead of ${size}`))
    },
  })
}

/** Makes names unique, regardless of case: adds ` (2)`, ` (3)` … before the extension of a repeated name. */
export function uniqueNames(names: string[]): string[] {
  const used = new Set<string>()
  /** The last number that was tried for a name, so that many equal names need few attempts. */
  const counts = new Map<string, number>()
  return names.map((name) => {
    let unique = name
    let count = counts.get(name.toLowerCase()) ?? 1
    for (; used.has(unique.toLowerCase()); unique = addToStem(name, ` (${count})`)) count += 1
    counts.set(name.toLowerCase(), count)
    used.add(unique.toLowerCase())
    return unique
  })
}
