import { once } from 'node:events'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { ZipArchive } from 'archiver'
import type { AssetFile } from '../../models/asset-shape.ts'
import { cleanFileName } from '../media/file-name.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * The files as one zip, made while it is read: each object is opened when its turn comes. Stored, not
 * compressed, since most media are compressed already. A failing object breaks the stream off.
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
    for (const [index, { key }] of files.entries()) {
      const body = await store.open(key, undefined, signal)
      body.once('error', (error) => archive.destroy(error))
      archive.append(body, { name: names[index] ?? 'file', date: modifiedAt })
      await once(archive, 'entry', { signal })
    }
    await archive.finalize()
  }
  fill().catch((error) => archive.destroy(error))
  return archive
}

/** Equal names, regardless of case, get ` (2)`, ` (3)` … before their extension. */
export function uniqueNames(names: string[]): string[] {
  const used = new Set<string>()
  return names.map((name) => {
    const extension = extname(name)
    const stem = name.slice(0, name.length - extension.length)
    let unique = name
    for (let count = 2; used.has(unique.toLowerCase()); count += 1) unique = `${stem} (${count})${extension}`
    used.add(unique.toLowerCase())
    return unique
  })
}
