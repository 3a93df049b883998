import { Event, readFormerActivities } from '../../models/event.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import type { UserFields } from '../../models/user.ts'
import { usersWithSecrets } from '../../models/user-state.ts'
import type { AssetContext } from '../context.ts'
import { copyOut, discardCopies } from './copy-objects.ts'
import { COLLECTIONS, FORMAT, type Manifest, makeFolder, OBJECTS, writeManifest } from './format.ts'
import { LineWriter } from './lines.ts'
import { type CopiedAsset, type ObjectCopier, readAssets } from './read-assets.ts'

interface Backup {
  manifest: Manifest
  /** Messages about objects that are missing or damaged, and therefore not in the backup. */
  errors: string[]
}

/**
 * Writes the data of the running service into a new folder. Reads each user before the user's assets, so that the
 * backup has every document and object that its documents refer to.
 *
 * @param options.objects whether to copy the objects; their sizes and checksums are always listed
 * @throws BackupError when the folder is not empty
 */
export async function backUp(
  { store, clock }: Pick<AssetContext, 'store' | 'clock'>,
  dir: string,
  options: { objects: boolean },
): Promise<Backup> {
  await makeFolder(dir)
  const createdAt = clock.now().toISOString()
  // Read before the documents: a migration that runs meanwhile is then repeated after the restore.
  const schemaVersion = (await SchemaVersion.current()) ?? 0
  const writers = Object.fromEntries(
    await Promise.all(COLLECTIONS.map(async (name) => [name, await LineWriter.create(dir, name)] as const)),
  ) as Record<(typeof COLLECTIONS)[number], LineWriter>
  const objects = await LineWriter.create(dir, OBJECTS)
  const errors: string[] = []
  let bytes = 0

  const copier: ObjectCopier = options.objects
    ? { copy: (entry) => copyOut(store, dir, entry), discard: (keys) => discardCopies(dir, keys) }
    : { copy: async () => undefined, discard: async () => undefined }
  const writeAsset = async ({ asset, fileSet, objects: entries }: CopiedAsset) => {
    await writers.assets.write(asset)
    if (fileSet) await writers.fileSets.write(fileSet)
    for await (const link of Link.allOf(asset._id)) await writers.links.write(link)
    for (const entry of entries) {
      await objects.write(entry)
      bytes += entry.size
    }
  }

  for await (const user of readUsers()) {
    await writers.users.write(user)
    for await (const copied of readAssets(user._id, copier, (error) => errors.push(error)))
      await writeAsset(copied)
    for await (const project of Project.allOf(user._id)) await writers.projects.write(project)
  }
  // First the former ones: a migration moves them to the others.
  for await (const activity of readFormerActivities()) await writers.activities.write(activity)
  for await (const activity of Event.allActivities()) await writers.events.write(activity)

  const collections = Object.fromEntries(
    await Promise.all(COLLECTIONS.map(async (name) => [name, await writers[name].close()] as const)),
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

/** Yields the users without their running uploads and reservations. */
async function* readUsers(): AsyncGenerator<UserFields> {
  for await (const user of usersWithSecrets())
    yield { ...user, space: { ...user.space, reserved: 0, open: [], uploads: [] } }
}
