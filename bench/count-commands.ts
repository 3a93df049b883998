import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Commands of the driver itself, which it also sends while nothing happens. */
const OF_THE_DRIVER = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions'])
/** The message type of all commands (MongoDB wire protocol, OP_MSG). */
const OP_MSG = 2013

interface CountingProxy {
  /** The database's URI with the address of the proxy. */
  uri: string
  /** Names of the commands since the last call, in order. */
  take(): string[]
  close(): void
}

/** Starts a proxy in front of a database that notes the name of each command. */
export async function countCommands(uri: string): Promise<CountingProxy> {
  const address = new URL(uri)
  const path = decodeURIComponent(address.hostname)
  const sockets = new Set<Socket>()
  const names: string[] = []
  const server = createServer((client) => {
    const database = path.endsWith('.sock')
      ? connect(path)
      : connect(Number(address.port || 27017), address.hostname)
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
    }
    const read = commandReader((name) => {
      if (!OF_THE_DRIVER.has(name)) names.push(name)
    })
    client.on('data', read)
    client.pipe(database).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const authority =
    uri
      .slice(uri.indexOf('//') + 2)
      .split(/[/?]/)[0]
      ?.split('@')
      .at(-1) ?? ''
  return {
    uri: uri.replace(authority, `127.0.0.1:${port}`),
    take: () => names.splice(0),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Returns a function that takes the bytes of a connection and reports the name of each command. */
function commandReader(report: (name: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const message = rest.subarray(0, rest.readInt32LE(0))
      rest = rest.subarray(message.length)
      // header (16), flags (4), kind of the section (1), length of the document (4), type of the first field (1)
      if (message.readInt32LE(12) === OP_MSG) report(message.toString('latin1', 26, message.indexOf(0, 26)))
    }
  }
}
