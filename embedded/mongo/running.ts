import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Frames } from './wire/frames.ts'
import { readMessage, writeCommand } from './wire/message.ts'

const ADDRESS_FILE = 'address.json'
const PATIENCE_MS = 2000

interface Address {
  port: number
  instance: string
}

/** The URI without a database name; callers put one in. Retryable writes are for replica sets. */
export const uriOf = (port: number) => `mongodb://127.0.0.1:${port}/?directConnection=true&retryWrites=false`

export const writeAddress = (dir: string, address: Address) =>
  writeFile(join(dir, ADDRESS_FILE), `${JSON.stringify(address)}\n`)

export const removeAddress = (dir: string) => rm(join(dir, ADDRESS_FILE), { force: true })

/**
 * The URI of the embedded database that serves a directory now, or null. The file with the address may have outlived
 * its server and the port may be another's: what answers there must say it is the one that wrote the file.
 */
export async function findRunningMongo(dir: string): Promise<string | null> {
  const address = await readAddress(dir)
  if (!address) return null
  return (await instanceAt(address.port)) === address.instance ? uriOf(address.port) : null
}

async function readAddress(dir: string): Promise<Address | null> {
  try {
    const { port, instance } = JSON.parse(await readFile(join(dir, ADDRESS_FILE), 'utf8'))
    return typeof port === 'number' && typeof instance === 'string' ? { port, instance } : null
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    )
      return null
    throw error
  }
}

/** Asks what listens on a port who it is; null when nothing does, or something else. */
function instanceAt(port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const frames = new Frames()
    const finish = (instance: unknown) => {
      socket.destroy()
      resolve(instance)
    }
    socket.setTimeout(PATIENCE_MS, () => finish(null))
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
