import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { makePrivate } from './storage/private.ts'

const NAME = 'mongo.sock'
const PREFIX = 'kura-socket-'
/** Longest path of a Unix socket, in bytes: 103 on macOS and the BSDs, 107 on Linux (unix(7)). */
const MAX_PATH_BYTES = 103
/** What file systems say that cannot hold a socket. */
const NO_SOCKETS = ['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EACCES', 'EINVAL', 'EIO']

/**
 * Listens on a Unix socket that only this user can open: in the directory, or, where that is not closed to others, its
 * path is too long or its file system has no sockets, in a new folder of the system's temporary one. Returns its path.
 */
export async function listenPrivately(server: Server, dir: string): Promise<string> {
  const inside = join(dir, NAME)
  if (makePrivate(dir) && Buffer.byteLength(inside) <= MAX_PATH_BYTES) {
    // What a killed process left. The lock says that nobody listens there.
    rmSync(inside, { force: true })
    try {
      return await listen(server, inside)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NO_SOCKETS.includes(String(error.code)))) throw error
    }
  }
  return listen(server, join(mkdtempSync(join(tmpdir(), PREFIX)), NAME))
}

async function listen(server: Server, path: string): Promise<string> {
  server.listen(path)
  await once(server, 'listening')
  chmodSync(path, 0o600)
  return path
}

/** Removes a socket that nobody listens on any more, and its folder if that was made for it. */
export function removeSocket(path: string): void {
  const folder = dirname(path)
  if (basename(path) !== NAME) return
  if (basename(folder).startsWith(PREFIX)) rmSync(folder, { recursive: true, force: true })
  else rmSync(path, { force: true })
}
