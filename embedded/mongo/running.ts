import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Frames } from './wire/frames.ts'
import { readMessage, writeCommand } from './wire/message.ts'

const ADDRESS_FILE = 'address.json'
/** Milliseconds for an answer: a server that loads many documents answers when it has them. */
const ANSWER_MS = 10_000

interface Address {
  /** Path of the Unix socket. */
  socket: string
  instance: string
}

/** The URI without a database name; callers put one in. Retryable writes are for replica sets. */
export const uriOf = (socket: string) =>
  `mongodb://${encodeURIComponent(socket)}/?directConnection=true&retryWrites=false`

export const writeAddress = (dir: string, address: Address) =>
  writeFile(join(dir, ADDRESS_FILE), `${JSON.stringify(address)}\n`, { mode: 0o600 })

export const removeAddress = (dir: string) => rm(join(dir, ADDRESS_FILE), { force: true })

/**
 * The URI of the embedded database that serves a directory now, or null. The file with the address may have outlived
 * its server and the socket may be another's: what answers there must say it is the one that wrote the file.
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

/** Asks what listens on a socket who it is; null when nothing does, or something else. */
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
