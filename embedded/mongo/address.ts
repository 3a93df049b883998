import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { makePrivate } from './storage/make-private.ts'
import { Frames, readMessage, writeCommand } from './wire/message.ts'

const ADDRESS_FILE = 'address.json'
/** Milliseconds to wait for a reply. A server replies only after it has loaded its documents. */
const ANSWER_MS = 10_000

interface Address {
  /** Path of the Unix socket. */
  socket: string
  instance: string
}

/** Returns the URI without a database name. Retryable writes are off, because they need a replica set. */
export const uriOf = (socket: string) =>
  `mongodb://${encodeURIComponent(socket)}/?directConnection=true&retryWrites=false`

export const writeAddress = (dir: string, address: Address) =>
  writeFile(join(dir, ADDRESS_FILE), `${JSON.stringify(address)}\n`, { mode: 0o600 })

export const removeAddress = (dir: string) => rm(join(dir, ADDRESS_FILE), { force: true })

/**
 * Returns the URI of the embedded database that serves a directory now, or null. The address file can be older than the
 * server on the socket, so the server must reply with the instance id in the file.
 */
export async function findRunningMongo(dir: string): Promise<string | null> {
  const address = await readAddress(dir)
  if (!address) return null
  return (await instanceAt(address.socket)) === address.instance ? uriOf(address.socket) : null
}

export async function readAddress(dir: string): Promise<Address | null> {
  try {
    const { socket, instance } = JSON.parse(await readFile(join(dir, ADDRESS_FILE), 'utf8')) ?? {}
    return typeof socket === 'string' && typeof instance === 'string' ? { socket, instance } : null
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    )
      return null
    throw error
  }
}

/** Returns the instance id of the server on a socket, or null if no embedded database listens there. */
function instanceAt(path: string): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const frames = new Frames()
    const finish = (instance: unknown) => {
      socket.destroy()
      resolve(instance)
    }
    socket.setTimeout(ANSWER_MS, () => finish(null))
    socket.on('error', () => finish(null))
    socket.on('close', () => resolve(null))
    socket.on('connect', () => socket.write(writeCommand({ buildInfo: 1, $db: 'admin' })))
    socket.on('data', (chunk) => {
      try {
        for (const frame of frames.add(chunk)) finish(readMessage(frame).body.instance ?? null)
      } catch {
        finish(null)
      }
    })
  })
}

const NAME = 'mongo.sock'
const PREFIX = 'kura-socket-'
/** Longest path of a Unix socket, in bytes: 103 on macOS and the BSDs, 107 on Linux (unix(7)). */
const MAX_PATH_BYTES = 103
/** Error codes of file systems that cannot hold a socket. */
const NO_SOCKETS = ['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EACCES', 'EINVAL', 'EIO']

/**
 * Listens on a Unix socket that only this user can open, and returns its path. The socket is in `dir`. If other users can
 * open `dir`, its path is too long or its file system has no sockets, the socket is in a new temporary folder.
 */
export async function listenPrivately(server: Server, dir: string): Promise<string> {
  const inside = socketInside(dir)
  if (inside) {
    // Remove the socket of a killed process. The lock guarantees that no process listens there.
    rmSync(inside, { force: true })
    try {
      return await listen(server, inside)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NO_SOCKETS.includes(String(error.code)))) throw error
    }
  }
  return listen(server, socketElsewhere())
}

/**
 * Returns the path for a socket that another program creates, where only this user can open it. mongod reads a comma as the
 * end of a path.
 */
export function privateSocketPath(dir: string): string {
  const inside = socketInside(dir)
  return inside && !inside.includes(',') ? inside : socketElsewhere()
}

/** Returns the path of a socket in a folder, or null if other users can open the folder or the path is too long. */
function socketInside(dir: string): string | null {
  const path = join(dir, NAME)
  return makePrivate(dir) && Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : null
}

const socketElsewhere = () => join(mkdtempSync(join(tmpdir(), PREFIX)), NAME)

async function listen(server: Server, path: string): Promise<string> {
  server.listen(path)
  await once(server, 'listening')
  chmodSync(path, 0o600)
  return path
}

/** Removes an unused socket, and its folder if `listenPrivately` created it. */
export function removeSocket(path: string): void {
  const folder = dirname(path)
  if (basename(path) !== NAME) return
  if (basename(folder).startsWith(PREFIX)) rmSync(folder, { recursive: true, force: true })
  else rmSync(path, { force: true })
}
