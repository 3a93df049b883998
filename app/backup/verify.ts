import type { AssetFields } from '../../models/asset.ts'
import { picturesOf } from '../../models/asset-objects.ts'
import type { FileSetFields } from '../../models/file-set.ts'
import { verifyCopy } from './copy-objects.ts'
import { BackupError, type LinesFile, type Manifest, type ObjectEntry, readManifest } from './format.ts'
import { readEntries, readFields, verifyLines } from './lines.ts'

/** Most problems that are described; the others are only counted. */
const MAX_DESCRIBED = 100

interface Verified {
  manifest: Manifest
  /** Sentences about what is damaged or missing. */
  problems: string[]
}

/**
 * Reads a whole backup without a database: checksums and lines of all files, size and SHA-256 of every object, and whether
 * everything that a document names is there.
 *
 * @throws BackupError when it has no manifest that this program can read
 */
export async function verifyBackup(dir: string): Promise<Verified> {
  const manifest = await readManifest(dir)
  const problems: string[] = []
  let more = 0
  const report = (problem: string) => {
    if (problems.length < MAX_DESCRIBED) problems.push(problem)
    else more++
  }
  const isIntact = await verifyFiles(dir, manifest, report)
  if (isIntact) await verifyReferences(dir, manifest, report)
  if (more > 0) problems.push(`And ${more} more problems.`)
  return { manifest, problems }
}

/**
 * Verifies every file and every object, and throws for the first one that is missing or damaged.
 *
 * @throws BackupError
 */
export async function assertIntact(dir: string, manifest: Manifest): Promise<void> {
  await verifyFiles(dir, manifest, (problem) => {
    throw new BackupError(problem)
  })
}

/** Returns whether the files of documents can be read. */
async function verifyFiles(dir: string, manifest: Manifest, report: (problem: string) => void) {
  let isIntact = true
  const files = [...Object.values(manifest.collections), manifest.objects]
  for (const file of files) isIntact = (await isRight(() => verifyLines(dir, file), report)) && isIntact
  if (isIntact && manifest.objects.included)
    for await (const entry of readEntries(dir, manifest.objects))
      await isRight(() => verifyCopy(dir, entry), report)
  return isIntact
}

async function isRight(verify: () => Promise<void>, report: (problem: string) => void): Promise<boolean> {
  try {
    await verify()
    return true
  } catch (error) {
    if (!(error instanceof BackupError)) throw error
    report(error.message)
    return false
  }
}

/**
 * Compares the files with each other. File sets, links and objects are in the order of their assets, so each file is read
 * once, and few of its lines are in memory.
 */
async function verifyReferences(
  dir: string,
  { collections, objects }: Manifest,
  report: (problem: string) => void,
) {
  const users = new Set<string>()
  for await (const { _id } of readFields<{ _id: unknown }>(dir, collections.users)) users.add(String(_id))
  const sets = new Ahead<FileSetFields>(dir, collections.fileSets)
  const links = new Ahead<{ _id: unknown; asset: unknown }>(dir, collections.links)
  const entries = new Ahead<ObjectEntry>(dir, objects)
  for await (const asset of readFields<AssetFields>(dir, collections.assets)) {
    const id = String(asset._id)
    if (!users.has(String(asset.owner))) report(`The owner of asset ${id} is not in the backup.`)
    const [set] = asset.fileSet
      ? await sets.takeWhile(({ _id }) => String(_id) === String(asset.fileSet))
      : []
    if (asset.fileSet && !set) report(`The file set ${asset.fileSet} of asset ${id} is not in the backup.`)
    await links.takeWhile((link) => String(link.asset) === id)
    const named = [...(set ?? asset).files, ...picturesOf({ images: asset.images ?? [], cover: asset.cover })]
    const expected = new Map(named.map((object) => [object.key, object]))
    for (const entry of await entries.takeWhile(({ key }) => expected.has(key))) {
      const { size, sha256 } = expected.get(entry.key) ?? entry
      if (size !== entry.size || sha256 !== entry.sha256)
        report(`Object ${entry.key} differs from asset ${id}, which names it.`)
      expected.delete(entry.key)
    }
    for (const key of expected.keys()) report(`Object ${key} of asset ${id} is not in the backup.`)
  }
  const unused = [
    ['file sets', await sets.countRest()],
    ['links', await links.countRest()],
    ['objects', await entries.countRest()],
  ] as const
  for (const [what, count] of unused)
    if (count > 0) report(`${count} ${what} belong to no asset of the backup.`)
  for await (const { _id, owner } of readFields<{ _id: unknown; owner: unknown }>(dir, collections.projects))
    if (!users.has(String(owner))) report(`The owner of project ${_id} is not in the backup.`)
}

/** Reads a file of a backup one line ahead. Backups of earlier releases lack some files. */
class Ahead<T> {
  readonly #lines: AsyncIterator<T>
  #next: Promise<IteratorResult<T>> | undefined

  constructor(dir: string, file: LinesFile | undefined) {
    this.#lines = file ? readFields<T>(dir, file) : (async function* () {})()
  }

  #peek(): Promise<IteratorResult<T>> {
    this.#next ??= this.#lines.next()
    return this.#next
  }

  /** Returns the next lines up to the first one that does not match. */
  async takeWhile(matches: (value: T) => boolean): Promise<T[]> {
    const taken: T[] = []
    for (let next = await this.#peek(); !next.done && matches(next.value); next = await this.#peek()) {
      taken.push(next.value)
      this.#next = undefined
    }
    return taken
  }

  async countRest(): Promise<number> {
    let count = 0
    for (; !(await this.#peek()).done; this.#next = undefined) count++
    return count
  }
}
