import type { ObjectStore } from '../storage/object-store.ts'
import { readKey } from '../uploads/keys.ts'
import { verifyCopy } from './copy-objects.ts'
import { BackupError, type Manifest } from './format.ts'
import { readEntries, verifyLines } from './lines.ts'
import { readManifest, refuseNewerBackup } from './manifest.ts'

/**
 * Reads all of a backup. Objects that are not part of it must be in the store, as large as they were.
 *
 * @throws BackupError naming what is missing or damaged
 */
export async function verifyBackup(store: ObjectStore, dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir)
  refuseNewerBackup(manifest)
  for (const file of [...Object.values(manifest.collections), manifest.objects]) await verifyLines(dir, file)
  if (!manifest.objects.included) await verifyStored(store, dir, manifest)
  else for await (const entry of readEntries(dir, manifest.objects)) await verifyCopy(dir, entry)
  return manifest
}

async function verifyStored(store: ObjectStore, dir: string, { objects }: Manifest): Promise<void> {
  let location: string | undefined
  let stored = new Map<string, number>()
  let missing = 0
  let first = ''
  // The objects of a user stand together.
  for await (const { key, size } of readEntries(dir, objects)) {
    const own = readKey(key)?.location
    if (own !== location) {
      location = own
      stored = new Map()
      for await (const object of store.list(`${own}/`)) stored.set(object.key, object.size)
    }
    if (stored.get(key) === size) continue
    if (missing++ === 0) first = key
  }
  if (missing > 0)
    throw new BackupError(
      `${missing} objects are not in the store, ${first} for one: bring them back there first, by its versions.`,
    )
}
