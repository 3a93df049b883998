import { chmod, stat } from 'node:fs/promises'

/** Removes the rights of other users on a file or folder. Does nothing if it belongs to another user. */
export async function closeToOthers(path: string, mode: 0o600 | 0o700): Promise<void> {
  const state = await stat(path)
  if (state.uid === process.getuid?.() && (state.mode & 0o777) !== mode) await chmod(path, mode)
}
