import { Activity } from '../../models/activity.ts'
import type { AssetFields } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import type { UserFields } from '../../models/user.ts'
import { usersWithSecrets } from '../../models/user-state.ts'
import type { AssetContext } from '../context.ts'
import { copyOut, dropCopies } from './copy-objects.ts'
import { COLLECTIONS, FORMAT, type Manifest, OBJECTS, type ObjectEntry } from './format.ts'
import { LineWriter } from './lines.ts'
import { makeFolder, writeManifest } from './manifest.ts'
import { type Keeper, readAssets } from './read-assets.ts'

interface Backup {
  manifest: Manifest
  /** What was wrong already: objects that are missing or damaged. They are not in the backup. */
  errors: string[]
}

/**
 * Writes what the service keeps into a new folder, while it goes on. Users are read first and then what is theirs,
 * so whatever is named by a document of the backup is in it.
 *
 * @param options.objects whether the objects are part of it; else only their checksums
 * @throws BackupError when the folder is not empty
 */
export async function backUp(
  { store, clock }: Pick<AssetContext, 'store' | 'clock'>,
  dir: string,
  options: { objects: boolean },
): Promise<Backup> {
  await makeFolder(dir)
  const createdAt = clock.now().toISOString()
  // Before the documents: a migration can run at the same time, and is then repeated after the restore.
  const schemaVersion = (await SchemaVersion.current()) ?? 0
  const write = Object.fromEntries(
    await Promise.all(COLLECTIONS.map(async (name) => [name, await LineWriter.create(dir, name)] as const)),
  ) as Record<(typeof COLLECTIONS)[number], LineWriter>
  const objects = await LineWriter.create(dir, OBJECTS)
  const errors: string[] = []
  let bytes = 0

  const keeper: Keeper = options.objects
    ? { keep: (entry) => copyOut(store, dir, entry), drop: (keys) => dropCopies(dir, keys) }
    : { keep: async () => undefined, drop: async () => undefined }
  const writeAsset = async (asset: AssetFields, entries: ObjectEntry[]) => {
    await write.assets.write(asset)
    for await (const link of Link.allOf(asset._id)) await write.links.write(link)
    for (const entry of entries) {
      await objects.write(entry)
      bytes += entry.size
    }
  }

  for await (const user of readUsers()) {
    await write.users.write(user)
    for await (const { asset, objects } of readAssets(user._id, keeper, (error) => errors.push(error)))
      await writeAsset(asset, objects)
    for await (const project of Project.allOf(user._id)) await write.projects.write(project)
  }
  for await (const activity of Activity.all()) await write.activities.write(activity)

  const collections = Object.fromEntries(
    await Promise.all(COLLECTIONS.map(async (name) => [name, await write[name].close()] as const)),
  ) as Manifest['collections']
  const manifest: Manifest = {
    format: FORMAT,
    createdAt,
    schemaVersion,
    collections,
    objects: { ...(await objects.close()), bytes, included: options.objects },
  }
  await writeManifest(dir, manifest)
  return { manifest, errors }
}

/** Accounts as they are, but for what is under way in them. */
async function* readUsers(): AsyncGenerator<UserFields> {
  for await (const user of usersWithSecrets())
    yield { ...user, space: { ...user.space, reserved: 0, open: [] } }
}
