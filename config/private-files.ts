import { chmod, stat } from 'node:fs/promises'

/** Takes the rights of other users from a file or folder. The mode of one that another user owns is that user's. */
export async function closeToOthers(path: string, mode: 0o600 | 0o700): Promise<void> {
  const state = await stat(path)
  if (state.uid === process.getuid?.() && (state.mode & 0o777) !== mode) await chmod(path, mode)
}
