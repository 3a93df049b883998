import type { Context } from '../../app/context.ts'
import { followOthers } from '../../app/events/follow-others.ts'
import { repeat } from '../../app/maintenance/repeat.ts'
import type { Delivery } from './broadcaster.ts'
import { closeEnded } from './close-ended.ts'
import type { Connections } from './connections.ts'
import type { SocketLimits } from './limits.ts'

interface Watched {
  connections: Connections
  delivery: Delivery
  limits: SocketLimits
}

/** All that comes round for the sockets of a process; `end` resolves when the last of it has. */
export function keepWatch(
  context: Context,
  { connections, delivery, limits }: Watched,
): { end(): Promise<void> } {
  const over = new AbortController()
  const pinging = setInterval(() => dropDead(connections), limits.pingMs)
  pinging.unref()
  const sessions = {
    name: 'the look at the sessions of sockets',
    run: () => closeEnded(context, connections),
    pauseMs: () => limits.sessionsMs,
    atOnce: false,
  }
  const changes = {
    pauseMs: limits.changesMs,
    wanted: () => delivery.isWanted,
    heard: delivery.take.bind(delivery),
  }
  const working = Promise.all([
    repeat(sessions, context.log, over.signal),
    followOthers(context, changes, over.signal),
  ])
  return {
    async end() {
      clearInterval(pinging)
      over.abort()
      await working
    },
  }
}

/** Asks every peer whether it is there, and drops those that have not answered since they were asked last. */
export function dropDead(connections: Connections): void {
  for (const connection of [...connections]) {
    if (connection.alive || connection.isHeld) connection.ping()
    else connection.terminate()
  }
}
