import type { Server } from 'node:http'
import type { Context } from '../../app/context.ts'
import { followOtherProcesses } from '../../app/events/follow-other-processes.ts'
import { runJob } from '../../app/maintenance/job-runner.ts'
import { Broadcaster } from './broadcaster.ts'
import { closeEndedSessions } from './close-ended-sessions.ts'
import { Connections } from './connections.ts'
import { handleUpgrades } from './handshake.ts'
import { LIMITS, type SocketLimits } from './limits.ts'

export interface Sockets {
  readonly connections: Connections
  /** Drains: lets running operations end within `limitMs`, then closes every connection with 1001. */
  close(limitMs?: number): Promise<void>
}

/** Time that running operations have to end when the service stops, as long as running HTTP requests have. */
const DRAIN_MS = 25_000

/** Serves WebSocket connections at `/ws` of an HTTP server. */
export function attachSockets(server: Server, context: Context, given: Partial<SocketLimits> = {}): Sockets {
  const bytesPerSecond = context.config.uploads.minBytesPerSecond
  const limits = { ...LIMITS, bytesPerSecond, ...given }
  const connections = new Connections(limits)
  const broadcaster = new Broadcaster(context, connections)
  handleUpgrades(server, context, connections, limits)

  const stopListening = context.events.listen((change) => broadcaster.broadcast(change))
  const heartbeat = setInterval(() => connections.ping(), limits.pingMs)
  heartbeat.unref()
  const closing = new AbortController()
  const sessions = {
    id: 'socket_sessions',
    name: 'the check of the sessions of WebSocket connections',
    run: () => closeEndedSessions(context, connections),
    pauseMs: () => limits.sessionsMs,
    atOnce: false,
  }
  const changes = {
    pollMs: limits.changesMs,
    isWanted: () => broadcaster.hasSubscribers,
    onChange: broadcaster.broadcast.bind(broadcaster),
  }
  const background = Promise.all([
    runJob(sessions, context.log, closing.signal),
    followOtherProcesses(context, changes, closing.signal),
  ])

  return {
    connections,
    async close(limitMs = DRAIN_MS) {
      await connections.drain(limitMs)
      stopListening()
      clearInterval(heartbeat)
      closing.abort()
      await background
      await broadcaster.whenIdle()
    },
  }
}
