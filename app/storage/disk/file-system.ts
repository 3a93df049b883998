import {
  constants,
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  opendir,
  rmdir,
  statfs,
} from 'node:fs/promises'
import { dirname } from 'node:path'
import { groupChanges } from '../../../models/plugins/group-changes.ts'
import { AppError, serverFull, storeUnavailable } from '../../errors.ts'

/** System errors of a disk that is full, or of which the user of the process has a quota. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** System errors of a disk that is missing, read-only, broken or not accessible: the operator must act. */
const DISK_ERRORS = new Set([
  ...['EROFS', 'EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'EFBIG'],
  ...['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EMFILE', 'ENFILE'],
])

/** Returns the `code` of a Node.js system error from a file system call, otherwise undefined. */
export function diskCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/**
 * Converts an error of the file system into `server_full` or `unavailable` with its cause; returns any other error
 * unchanged.
 */
export function translateDiskError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = diskCode(error)
  if (isDiskFull(error))
    return serverFull(error, `The disk of the store has no free bytes, inodes or quota left (${code}).`)
  if (code === undefined || !DISK_ERRORS.has(code)) return error
  return storeUnavailable(error, `The disk of the store cannot be used (${code}). Check DATA_DIR.`)
}

/** Returns whether a call of the file system failed because a disk is full. */
export const isDiskFull = (error: unknown) => FULL.has(diskCode(error) ?? '')

const isMissing = (error: unknown) => diskCode(error) === 'ENOENT'

/** Bytes of a disk that are kept free for the database and the log, at most. */
const KEPT_FREE_BYTES = 64_000_000
/** The same for a small disk, as a part of its size. */
const KEPT_FREE_PART = 1 / 20

/**
 * Returns how many bytes can be stored on the disk of a folder; 0 if only the bytes that are kept free are left, or no
 * inodes.
 */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, blocks, bsize, files, ffree } = await statfs(folder)
  // some file systems, such as btrfs, have no fixed number of inodes and report 0
  if (files > 0 && ffree === 0) return 0
  const kept = Math.min(KEPT_FREE_BYTES, blocks * bsize * KEPT_FREE_PART)
  return Math.max(0, bavail * bsize - kept)
}

const syncTogether = groupChanges<object, true>()

/**
 * Waits until the entries of a folder are on the disk. Calls that come together share one that begins after them. Ignores
 * a folder that was removed meanwhile.
 */
export async function syncFolder(folder: string): Promise<void> {
  await syncTogether(folder, {}, async () => {
    await syncNow(folder)
    return true
  })
}

async function syncNow(folder: string): Promise<void> {
  let handle: FileHandle
  try {
    handle = await open(folder, 'r')
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Syncs a folder and its parents up to `root` inclusive, because each of them can be new. */
export async function syncFoldersUpTo(root: string, folder: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    await syncFolder(at)
    if (at === root) return
  }
}

/** Removes a folder and its parents below `root` while they are empty. Returns the first folder that remains. */
export async function pruneFolders(root: string, folder: string): Promise<string> {
  let at = folder
  while (at !== root) {
    try {
      await rmdir(at)
    } catch (error) {
      const code = diskCode(error)
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return at
      if (code !== 'ENOENT') throw error
    }
    at = dirname(at)
  }
  return root
}

/**
 * Creates a folder and calls `use`. Repeats both when a concurrent call prunes the folder in between, at most five
 * times: after that something else is missing.
 */
export async function inFolder(folder: string, use: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return await use()
    } catch (error) {
      if (!isMissing(error) || attempt === 5) throw error
    }
  }
}

/** Yields the entries of a folder, reading a few at a time. Yields none if the folder does not exist. */
export async function* readFolder(folder: string) {
  try {
    yield* await opendir(folder)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Places a file under its final name unless that name exists. Copies it where the file system has no hard links. */
export async function placeNew(temporary: string, final: string): Promise<void> {
  const ignoreExisting = (error: unknown) => {
    if (diskCode(error) !== 'EEXIST') throw error
  }
  try {
    await link(temporary, final).catch(ignoreExisting)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(diskCode(error) ?? '')) throw error
    await copyFile(temporary, final, constants.COPYFILE_EXCL).catch(ignoreExisting)
  }
}
