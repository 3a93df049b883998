import { constants, copyFile, type FileHandle, link, mkdir, open, opendir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, unavailable } from '../../errors.ts'

/** What a disk says when it is full, gone, read-only, broken or out of our reach: an operator's affair. */
const FAULTS = new Set([
  ...['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'EFBIG'],
  ...['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EMFILE', 'ENFILE'],
])

/** The `code` of a Node.js system error that came from a file system call, else undefined. */
export function diskCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/**
 * A file system's error as the `unavailable` of the API, with its cause; anything else as it is.
 * A full disk is not 507: that is for the limits of an account, which a caller can do something about.
 */
export function translateDiskError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = diskCode(error)
  return code !== undefined && FAULTS.has(code) ? unavailable(error) : error
}

const gone = (error: unknown) => diskCode(error) === 'ENOENT'

/** Waits until the entries of a folder are on the disk; a folder that has gone meanwhile needs no more. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle
  try {
    handle = await open(folder, 'r')
  } catch (error) {
    if (gone(error)) return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Syncs a folder and those above it, up to and with `root`: each may have been made a moment ago. */
export async function syncFoldersUpTo(root: string, folder: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    await syncFolder(at)
    if (at === root) return
  }
}

/** Removes a folder and those above it below `root` as long as they are empty; answers the first that stays. */
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
 * Does `use` with a folder that is made first, again when another call prunes the folder in between.
 * Five rounds lost in a row mean that something else is missing.
 */
export async function inFolder(folder: string, use: () => Promise<void>): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return await use()
    } catch (error) {
      if (!gone(error) || round === 5) throw error
    }
  }
}

/** The entries of a folder, a few at a time; none when the folder has gone. */
export async function* readFolder(folder: string) {
  try {
    yield* await opendir(folder)
  } catch (error) {
    if (!gone(error)) throw error
  }
}

/** Puts a file in its place if nothing is there. Some file systems have no hard links: there it is copied. */
export async function placeNew(temporary: string, final: string): Promise<void> {
  const present = (error: unknown) => {
    if (diskCode(error) !== 'EEXIST') throw error
  }
  try {
    await link(temporary, final).catch(present)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(diskCode(error) ?? '')) throw error
    await copyFile(temporary, final, constants.COPYFILE_EXCL).catch(present)
  }
}
