import { mkdir, open, readdir, readFile, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import {
  BackupError,
  COLLECTIONS,
  fileOf,
  MANIFEST,
  OBJECTS,
  UNFINISHED_MANIFEST,
  writing,
} from './format.ts'

/** The file that marks the folder of a backup which is being written, or whose process died. */
const MARKER = 'unfinished.json'
/** Milliseconds between two changes of the marker's time. */
const HEARTBEAT_MS = 10_000
/** Milliseconds after which a marker whose time does not change belongs to a process that died. */
const DEAD_AFTER_MS = 60_000

/** All names that a backup writes. */
const NAMES = [
  MARKER,
  MANIFEST,
  UNFINISHED_MANIFEST,
  OBJECTS,
  fileOf(OBJECTS),
  ...COLLECTIONS.map((name) => fileOf(name)),
]

interface Marker {
  pid: number
  host: string
}

/** The folder of a backup while it is written. */
export interface BackupFolder {
  /** Sentences about backups that were interrupted before. */
  notes: string[]
  /** Marks the backup as complete. */
  complete(): Promise<void>
  /** Removes everything that was written. */
  discard(): Promise<void>
}

/**
 * Creates the folder of a backup, which only its owner can read. First removes the backup of a process that died in it.
 *
 * @throws BackupError when the folder cannot be created, has other files, or another process writes a backup into it
 */
export async function makeFolder(dir: string): Promise<BackupFolder> {
  const created = await writing(mkdir(dir, { recursive: true, mode: 0o700 }))
  const names = await writing(readdir(dir))
  if (names.length > 0) {
    if (names.includes(MANIFEST) || !names.includes(MARKER) || names.some((name) => !NAMES.includes(name)))
      throw new BackupError(`${dir} is not empty: name a new folder.`)
    if (await isBeingWritten(dir)) throw new BackupError(`Another process writes a backup into ${dir} now.`)
    await removeFiles(dir)
  }
  const discard = async () => {
    await removeFiles(dir)
    if (created) await removeFolders(dir, created)
  }
  const marker = join(dir, MARKER)
  await writing(writeMarker(marker)).catch(async (error) => {
    if (!(await isBeingWritten(dir))) await discard()
    throw error
  })
  const heartbeat = setInterval(() => {
    const now = new Date()
    // A folder that is gone ends the backup at its next write.
    utimes(marker, now, now).catch(() => undefined)
  }, HEARTBEAT_MS)
  return {
    notes: [
      ...(names.length > 0 ? [`Files of an interrupted backup were removed from ${dir}.`] : []),
      ...(await describeInterrupted(dir)),
    ],
    async complete() {
      clearInterval(heartbeat)
      await rm(marker)
    },
    async discard() {
      clearInterval(heartbeat)
      await discard()
    },
  }
}

/** @throws BackupError when another process has begun a backup there at the same time */
async function writeMarker(path: string): Promise<void> {
  const marker: Marker = { pid: process.pid, host: hostname() }
  const file = await open(path, 'wx', 0o600).catch((error) => {
    if (error.code !== 'EEXIST') throw error
    throw new BackupError(`Another process writes a backup into ${dirname(path)} now.`)
  })
  await file.writeFile(`${JSON.stringify(marker)}\n`).finally(() => file.close())
}

/** Removes the files of a backup, the marker last. */
async function removeFiles(dir: string): Promise<void> {
  for (const name of NAMES.toReversed()) await rm(join(dir, name), { recursive: true, force: true })
}

/** Removes an empty folder and its empty parents up to `top` inclusive. */
async function removeFolders(dir: string, top: string): Promise<void> {
  for (let at = resolve(dir); ; at = dirname(at)) {
    await rmdir(at)
    if (at === resolve(top)) return
  }
}

async function isBeingWritten(dir: string): Promise<boolean> {
  const path = join(dir, MARKER)
  const found = await stat(path).catch(() => null)
  if (!found || Date.now() - found.mtimeMs > DEAD_AFTER_MS) return false
  const marker = parse(await readFile(path, 'utf8'))
  if (!marker) return false
  // A process of another machine or container cannot be looked up.
  return marker.host !== hostname() || (marker.pid !== process.pid && isRunning(marker.pid))
}

function parse(text: string): Marker | null {
  try {
    return JSON.parse(text)
  } catch {
    // The disk was full, or the process died before it had written the text.
    return null
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Returns a sentence about each interrupted backup beside a folder. */
async function describeInterrupted(dir: string): Promise<string[]> {
  const parent = dirname(resolve(dir))
  const notes: string[] = []
  const others = await readdir(parent, { withFileTypes: true }).catch(() => [])
  for (const other of others) {
    const path = join(parent, other.name)
    if (!other.isDirectory() || path === resolve(dir)) continue
    const names = await readdir(path).catch(() => [] as string[])
    if (names.includes(MARKER) && !names.includes(MANIFEST) && !(await isBeingWritten(path)))
      notes.push(`The backup in ${path} was interrupted and is not complete. Delete that folder.`)
  }
  return notes
}
