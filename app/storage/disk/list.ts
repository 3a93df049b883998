import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isSegment } from '../keys.ts'
import type { StoredObject } from '../object-store.ts'
import { diskCode, readFolder } from './file-system.ts'

async function describe(root: string, key: string): Promise<StoredObject | undefined> {
  try {
    const { size, mtime } = await stat(join(root, key))
    return { key, size, modifiedAt: mtime }
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return undefined
    throw error
  }
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

/** Every object under a prefix, one folder entry at a time; one removed meanwhile is left out. */
export function listFiles(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const folder = dirname(`${prefix}.`)
  return walk(root, folder === '.' ? '' : folder, prefix)
}
