import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { NEWEST_VERSION } from '../maintenance/migrations/migrations.ts'
import { BackupError, FORMAT, MANIFEST, type Manifest } from './format.ts'

/** Makes the folder of a backup. @throws BackupError when something is in it */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  if ((await readdir(dir)).length > 0) throw new BackupError(`${dir} is not empty: name a new folder.`)
}

/** Makes a backup of what is in its folder. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const temporary = join(dir, `${MANIFEST}.part`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(dir, MANIFEST))
  const folder = await open(dir, 'r')
  await folder.sync().finally(() => folder.close())
}

/** @throws BackupError where there is none, or none that this version knows */
export async function readManifest(dir: string): Promise<Manifest> {
  const text = await readFile(join(dir, MANIFEST), 'utf8').catch(() => {
    throw new BackupError(`${dir} has no ${MANIFEST}: it is no backup, or one that was broken off.`)
  })
  try {
    const manifest = JSON.parse(text)
    if (manifest.format === FORMAT) return manifest
  } catch (error) {
    throw new BackupError(`${MANIFEST} is damaged.`, { cause: error })
  }
  throw new BackupError(`${MANIFEST} is of a format that this version does not know.`)
}

/** @throws BackupError when a newer program made the backup */
export function refuseNewerBackup({ schemaVersion = 0 }: Manifest): void {
  if (schemaVersion > NEWEST_VERSION)
    throw new BackupError(
      `The backup has schema version ${schemaVersion}; this program supports versions up to ${NEWEST_VERSION}. Restore it with the release that made it.`,
    )
}
