import { once } from 'node:events'
import { pipeline, type Readable, Transform } from 'node:stream'
import { ZipArchive } from 'archiver'
import type { AssetFile } from '../../models/asset.ts'
import { addToStem, cleanFileName } from '../media/file-name.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * The files as one zip, made while it is read: each object is opened when its turn comes. Stored, not
 * compressed, since most media are compressed already. An object that fails or has another size than its file
 * breaks the stream off.
 */
export function zipFiles(
  store: ObjectStore,
  files: AssetFile[],
  modifiedAt: Date,
  signal: AbortSignal,
): Readable {
  const archive = new ZipArchive({ store: true })
  // The archiver can emit several errors, also when its reader has left.
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

/** Passes the bytes of an object on. Fails at its end when it has not the size of the file. */
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

/** Equal names, regardless of case, get ` (2)`, ` (3)` … before their extension. */
export function uniqueNames(names: string[]): string[] {
  const used = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let count = 2; used.has(unique.toLowerCase()); count += 1) unique = addToStem(name, ` (${count})`)
    used.add(unique.toLowerCase())
    return unique
  })
}
