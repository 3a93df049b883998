import type { mongo } from 'mongoose'
import { serversOf } from '../driver.ts'

/** Time for a connection to a server that was lost a short time ago, in milliseconds: a lost SYN is sent again after 1 s. */
const CONNECT_MS = 1500
/** How long a lost server counts as lost a short time ago, in milliseconds. */
const SHORT_TIME_MS = 60_000

/** The part of the driver that observes one server (mongodb 7.8, `lib/sdam/monitor.js`). */
interface Monitor {
  options: { connectTimeoutMS: number }
  /** Options of its next connection. */
  connectOptions: { connectTimeoutMS: number }
}

/**
 * Lets a client find a server again soon after a fault. While a server hangs or packets are lost, the driver opens a new
 * connection to it and waits `connectTimeoutMS` for the answer. An answer that was lost just before the end of the fault
 * would cost that time. So new connections to a lost server have less time; after a minute `connectTimeoutMS` again, for a
 * network that has become slow. Other connections keep their time.
 *
 * Changes an object of the driver; `test/app/lifecycle/reconnect-soon.test.ts` fails when a version does not have it.
 */
export function reconnectSoon(client: mongo.MongoClient): void {
  const lostAt = new Map<string, number>()
  const setConnectTime = (address: string, isShort: boolean) => {
    const monitor = serversOf<{ monitor: Monitor | null }>(client).get(address)?.monitor
    if (!monitor) return
    const { connectTimeoutMS: usual } = monitor.options
    // 0 is no limit
    const connectTimeoutMS = isShort && (usual === 0 || usual > CONNECT_MS) ? CONNECT_MS : usual
    monitor.connectOptions = { ...monitor.connectOptions, connectTimeoutMS }
  }
  client.on('serverHeartbeatFailed', ({ connectionId: address }) => {
    const now = performance.now()
    const at = lostAt.get(address) ?? now
    lostAt.set(address, at)
    setConnectTime(address, now - at < SHORT_TIME_MS)
  })
  client.on('serverHeartbeatSucceeded', ({ connectionId: address }) => {
    if (lostAt.delete(address)) setConnectTime(address, false)
  })
}
