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
