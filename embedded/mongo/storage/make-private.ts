import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes a folder and closes it, and everything in it, to other users of the machine: folders 0700, files 0600. Returns
 * whether the folder is closed: the mode of another user's folder cannot be changed.
 */
export function makePrivate(dir: string): boolean {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  close(realpathSync(dir))
  return (statSync(dir).mode & 0o077) === 0
}

/** Symbolic links are left alone: what they lead to may be anything. */
function close(path: string): void {
  const state = lstatSync(path)
  if (state.isSymbolicLink()) return
  if (state.isDirectory()) for (const name of readdirSync(path)) close(join(path, name))
  const mode = state.isDirectory() ? 0o700 : 0o600
  if (state.uid === process.getuid?.() && (state.mode & 0o777) !== mode) chmodSync(path, mode)
}
