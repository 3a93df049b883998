import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Counter, Gauge } from 'prom-client'

/** The open connections of all measured servers of the process. */
const open = new Set<Socket>()
/** Bytes of the connections that are closed. */
const closed = { bytesRead: 0, bytesWritten: 0 }

/** Counts the connections of a server and their bytes. Costs nothing for a request, because each connection counts its own. */
export function measureTraffic(server: Server): void {
  server.on('connection', (socket: Socket) => {
    // Node emits the event again for a connection whose upgrade was not accepted.
    if (open.has(socket)) return
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      closed.bytesRead += socket.bytesRead
      closed.bytesWritten += socket.bytesWritten
    })
  })
}

function total(field: keyof typeof closed): number {
  let sum = closed[field]
  for (const socket of open) sum += socket[field]
  return sum
}

const bytes = (name: string, help: string, field: keyof typeof closed) =>
  new Counter({
    name,
    help,
    registers: [],
    collect() {
      this.reset()
      this.inc(total(field))
    },
  })

export const TRAFFIC = [
  bytes('kura_received_bytes_total', 'Bytes received from clients, headers included', 'bytesRead'),
  bytes('kura_sent_bytes_total', 'Bytes sent to clients, headers included', 'bytesWritten'),
  new Gauge({
    name: 'kura_connections',
    help: 'Open connections of clients, WebSocket connections included',
    registers: [],
    collect() {
      this.set(open.size)
    },
  }),
]
