import { constants, copyFile, type FileHandle, link, mkdir, open, opendir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, unavailable } from '../../errors.ts'

/** System errors of a disk that is full, missing, read-only, broken or not accessible: the operator must act. */
const DISK_ERRORS = new Set([
  ...['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'EFBIG'],
  ...['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EMFILE', 'ENFILE'],
])

/** Returns the `code` of a Node.js system error from a file system call, otherwise undefined. */
export function diskCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/**
 * Converts an error of the file system into `unavailable` with its cause; returns any other error unchanged. A full
 * disk is not 507, which means that a user's quota is exceeded.
 */
export function translateDiskError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = diskCode(error)
  return code !== undefined && DISK_ERRORS.has(code) ? unavailable(error) : error
}

const isMissing = (error: unknown) => diskCode(error) === 'ENOENT'

/** Waits until the entries of a folder are on the disk. Ignores a folder that was removed meanwhile. */
export async function syncFolder(folder: string): Promise<void> {
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
