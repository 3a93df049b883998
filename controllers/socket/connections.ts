import { addressKey } from '../../app/auth/client-info.ts'
import { within } from '../../app/clock.ts'
import { tooManyRequests, unauthenticated } from '../../app/errors.ts'
import { type Connection, GOING_AWAY, type Identity } from './connection.ts'
import type { SocketLimits } from './limits.ts'

/** Recommended wait for a client with too many connections (`Retry-After`), in seconds. */
const RETRY_SECONDS = 10
/**
 * Longest wait for the close frames of the clients when the service stops, and then for the clean-up of the other
 * connections.
 */
const CLOSE_WAIT_MS = 1000

/** The open WebSocket connections of this process. */
export class Connections {
  readonly #all = new Set<Connection>()
  readonly #byUser = new Map<string, Set<Connection>>()
  /** Number of connections without a sign-in, by address key. */
  readonly #anonymous = new Map<string, number>()

  constructor(private readonly limits: SocketLimits) {}

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values()
  }

  /** @throws `too_many_requests` if the address has too many connections without a sign-in */
  requireCapacity(address: string | undefined): void {
    if ((this.#anonymous.get(addressKey(address)) ?? 0) >= this.limits.anonymousPerAddress)
      throw tooManyRequests(RETRY_SECONDS)
  }

  add(connection: Connection): void {
    this.#all.add(connection)
    this.#countAnonymous(connection, 1)
  }

  /**
   * Signs a connection in, or changes the session of its user.
   *
   * @throws `unauthenticated` if the connection is closed
   * @throws `too_many_requests` if the user has too many connections
   */
  signIn(connection: Connection, identity: Identity): void {
    if (!connection.isOpen) throw unauthenticated()
    if (!connection.identity) {
      const key = identity.user._id.toString()
      const others = this.#byUser.get(key) ?? new Set()
      if (others.size >= this.limits.perUser) throw tooManyRequests(RETRY_SECONDS)
      this.#byUser.set(key, others.add(connection))
      this.#countAnonymous(connection, -1)
    }
    connection.identity = identity
  }

  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    if (!connection.identity) {
      this.#countAnonymous(connection, -1)
      return
    }
    const key = connection.identity.user._id.toString()
    const own = this.#byUser.get(key)
    own?.delete(connection)
    if (own?.size === 0) this.#byUser.delete(key)
  }

  /** Pings every client. Terminates the connections whose client has sent nothing since the last ping. */
  ping(): void {
    for (const connection of [...this.#all]) {
      if (connection.isAlive || connection.isPaused) connection.ping()
      else connection.terminate()
    }
  }

  /** Closes each connection when no operation runs on it, and all of them after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    const all = [...this.#all]
    const close = (connection: Connection) => connection.close(GOING_AWAY, 'the service is stopping')
    await within(limitMs, Promise.all(all.map((one) => one.whenIdle().then(() => close(one)))))
    for (const connection of this.#all) close(connection)
    await within(CLOSE_WAIT_MS, Promise.all(all.map(({ ended }) => ended)))
    for (const connection of this.#all) connection.terminate()
    await within(CLOSE_WAIT_MS, Promise.all(all.map((connection) => connection.whenIdle())))
  }

  #countAnonymous({ client }: Connection, change: 1 | -1): void {
    const key = addressKey(client.address)
    const count = (this.#anonymous.get(key) ?? 0) + change
    if (count > 0) this.#anonymous.set(key, count)
    else this.#anonymous.delete(key)
  }
}
