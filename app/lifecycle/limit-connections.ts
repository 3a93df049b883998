import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey } from '../auth/client-info.ts'

/** Most connections over the limits that are open at a time, so that their clients can read a refusal. */
const MAX_EXCESS = 8
/** Time in which such a connection must send its request and read the refusal, in milliseconds. */
const EXCESS_MS = 2000

export interface ConnectionLimits {
  /** Most open connections. */
  total: number
  /** Most open connections of one address. Behind a proxy, all connections have the same address. */
  perAddress: number
  /** Called for each connection that is refused because there are too many. */
  onRefused: () => void
}

/**
 * Limits the open connections. Closes those over the limits, but for a few, whose requests the caller refuses.
 *
 * @returns whether a connection is over the limits
 */
export function limitConnections(
  server: Server,
  { total, perAddress, onRefused }: ConnectionLimits,
): (socket: Socket) => boolean {
  const served = new Map<string, Set<Socket>>()
  const excess = new Set<Socket>()
  let open = 0
  server.maxConnections = total + MAX_EXCESS
  server.on('drop', onRefused)
  server.on('connection', (socket: Socket) => {
    const address = addressKey(socket.remoteAddress)
    const sockets = served.get(address) ?? new Set()
    // Node emits the event again for a connection whose upgrade was not accepted.
    if (sockets.has(socket) || excess.has(socket)) return
    if (open >= total || sockets.size >= perAddress) {
      onRefused()
      if (excess.size >= MAX_EXCESS) socket.destroy()
      else {
        excess.add(socket)
        const timer = setTimeout(() => socket.destroy(), EXCESS_MS).unref()
        socket.once('close', () => {
          clearTimeout(timer)
          excess.delete(socket)
        })
      }
      return
    }
    open += 1
    served.set(address, sockets.add(socket))
    socket.once('close', () => {
      open -= 1
      sockets.delete(socket)
      if (sockets.size === 0) served.delete(address)
    })
  })
  return (socket) => excess.has(socket)
}
