import { within } from '../../app/clock.ts'
import { GOING_AWAY } from './close-codes.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'

/** How long peers have to say goodbye, and what was cut off to tidy up. */
const GOODBYE_MS = 1000

/** Closes each socket as soon as nothing runs on it, and all of them after `limitMs`. */
export async function leaveAll(connections: Connections, limitMs: number): Promise<void> {
  const all = [...connections]
  const close = (connection: Connection) => connection.close(GOING_AWAY, 'the service stops')
  await within(limitMs, Promise.all(all.map((connection) => connection.idle().then(() => close(connection)))))
  for (const connection of connections) close(connection)
  await within(GOODBYE_MS, Promise.all(all.map((connection) => connection.ended)))
  for (const connection of connections) connection.terminate()
  await within(GOODBYE_MS, Promise.all(all.map((connection) => connection.idle())))
}
