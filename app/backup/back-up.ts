import { Event, readFormerActivities } from '../../models/event.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import type { UserFields } from '../../models/user.ts'
import { usersWithSecrets } from '../../models/user-state.ts'
import type { AssetContext } from '../context.ts'
import { copyOut, discardCopies } from './copy-objects.ts'
import { type BackupFolder, makeFolder } from './folder.ts'
import {
  COLLECTIONS,
  FORMAT,
  type Manifest,
  OBJECTS,
  UnfinishedWork,
  writeManifest,
  writing,
} from './format.ts'
import { LineWriter } from './lines.ts'
import { type CopiedAsset, type ObjectCopier, readAssets } from './read-assets.ts'

interface Contents {
  manifest: Manifest
  /** Messages about objects that are missing or damaged, and therefore not in the backup. */
  errors: string[]
}

/** A backup that was written. */
export interface Backup extends Contents {
  /** Sentences about backups that were interrupted before. */
  notes: string[]
}

interface Facts extends Pick<Manifest, 'createdAt'> {
  schemaVersion: number
  bytes: number
  included: boolean
}

interface Options {
  /** Whether to copy the objects. Their sizes and checksums are always listed. */
  objects: boolean
  /** Ends the backup. */
  signal?: AbortSignal
}

/**
 * Writes the data of the running service into a new folder. A backup that fails or is aborted leaves no files.
 *
 * @throws BackupError when the folder is not empty
 * @throws UnfinishedWork when the backup fails
 */
export async function backUp(
  context: Pick<AssetContext, 'store' | 'clock'>,
  dir: string,
  { objects, signal = new AbortController().signal }: Options,
): Promise<Backup> {
  const folder = await makeFolder(dir)
  try {
    const contents = await writeContents(context, dir, objects, signal)
    await folder.complete()
    return { ...contents, notes: folder.notes }
  } catch (error) {
    throw new UnfinishedWork(await discard(folder, dir), signal.aborted ? signal.reason : error)
  }
}

/** Removes what was written and returns a sentence about the result. */
async function discard(folder: BackupFolder, dir: string): Promise<string> {
  try {
    await folder.discard()
    return `No backup was made. Nothing is left in ${dir}.`
  } catch (error) {
    return `No backup was made. Files of it are left in ${dir}, delete them: ${error instanceof Error ? error.message : error}.`
  }
}

/**
 * Writes documents and objects. Reads each user before the user's assets, so that the backup has every document and
 * object that its documents refer to.
 */
async function writeContents(
  { store, clock }: Pick<AssetContext, 'store' | 'clock'>,
  dir: string,
  included: boolean,
  signal: AbortSignal,
): Promise<Contents> {
  const createdAt = clock.now().toISOString()
  // Read before the documents: a migration that runs meanwhile is then repeated after the restore.
  const schemaVersion = (await SchemaVersion.current()) ?? 0
  const writers = await createWriters(dir)
  const { [OBJECTS]: objects } = writers
  const errors: string[] = []
  let bytes = 0

  const copier: ObjectCopier = included
    ? { copy: (entry) => copyOut(store, dir, entry, signal), discard: (keys) => discardCopies(dir, keys) }
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

  try {
    for await (const user of readUsers()) {
      await writers.users.write(user)
      for await (const copied of readAssets(user._id, copier, (error) => errors.push(error))) {
        await writeAsset(copied)
        signal.throwIfAborted()
      }
      for await (const project of Project.allOf(user._id)) await writers.projects.write(project)
    }
    // First the former ones: a migration moves them to the others.
    for await (const activity of readFormerActivities()) await writers.activities.write(activity)
    for await (const activity of Event.allActivities()) await writers.events.write(activity)
    signal.throwIfAborted()
    const manifest = await closeAll(writers, { createdAt, schemaVersion, bytes, included })
    await writing(writeManifest(dir, manifest))
    return { manifest, errors }
  } finally {
    for (const writer of Object.values(writers)) await writer.discard()
  }
}

type Writers = Record<(typeof COLLECTIONS)[number] | typeof OBJECTS, LineWriter>

async function createWriters(dir: string): Promise<Writers> {
  const names = [...COLLECTIONS, OBJECTS]
  const create = async (name: string) => [name, await LineWriter.create(dir, name)] as const
  return Object.fromEntries(await Promise.all(names.map(create))) as Writers
}

/** Closes all files and returns the manifest that names them. */
async function closeAll(
  writers: Writers,
  { createdAt, schemaVersion, bytes, included }: Facts,
): Promise<Manifest> {
  const close = async (name: (typeof COLLECTIONS)[number]) => [name, await writers[name].close()] as const
  const collections = Object.fromEntries(await Promise.all(COLLECTIONS.map(close))) as Manifest['collections']
  const objects = { ...(await writers[OBJECTS].close()), bytes, included }
  return { format: FORMAT, createdAt, schemaVersion, collections, objects }
}

/** Yields the users without their running uploads and reservations. */
async function* readUsers(): AsyncGenerator<UserFields> {
  for await (const user of usersWithSecrets())
    yield { ...user, space: { ...user.space, reserved: 0, open: [], uploads: [] } }
}
