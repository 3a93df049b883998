import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Creates a folder and denies other users access to it and its content: folders get mode 0700, files 0600. Returns
 * whether other users have no access to the folder. It is false for another user's folder, whose mode cannot be changed.
 */
export function makePrivate(dir: string): boolean {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  closePath(realpathSync(dir))
  return (statSync(dir).mode & 0o077) === 0
}

/** Sets the modes of a path and its content. Skips symbolic links, because their targets can be outside of the folder. */
function closePath(path: string): void {
  const state = lstatSync(path)
  if (state.isSymbolicLink()) return
  if (state.isDirectory()) for (const name of readdirSync(path)) closePath(join(path, name))
  const mode = state.isDirectory() ? 0o700 : 0o600
  if (state.uid === process.getuid?.() && (state.mode & 0o777) !== mode) chmodSync(path, mode)
}
