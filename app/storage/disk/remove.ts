import { unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unavailable } from '../../errors.ts'
import { ObjectsNotRemoved } from '../object-store.ts'
import { diskCode, pruneFolders, syncFolder } from './file-system.ts'

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/** Removes the files of keys and the folders that this empties, and waits until it is on the disk. */
export async function removeFiles(root: string, keys: readonly string[]): Promise<void> {
  const folders = new Set<string>()
  const failures = new Map<string, unknown>()
  for (const key of keys) {
    try {
      await unlink(join(root, key))
    } catch (error) {
      const code = diskCode(error)
      if (code === undefined || !ABSENT.has(code)) {
        failures.set(key, error)
        continue
      }
    }
    folders.add(dirname(join(root, key)))
  }
  const changed = new Set<string>()
  for (const folder of folders) changed.add(await pruneFolders(root, folder))
  for (const folder of changed) await syncFolder(folder)
  const [first] = failures.values()
  if (failures.size > 0) throw unavailable(new ObjectsNotRemoved([...failures.keys()], first))
}
