import { addressKey } from '../../app/auth/client-info.ts'
import { tooManyRequests, unauthenticated } from '../../app/errors.ts'
import type { Connection, Identity } from './connection.ts'
import type { SocketLimits } from './limits.ts'

/** How long a client should wait that has too many sockets open, in seconds. */
const RETRY_SECONDS = 10

/** The sockets of this process. */
export class Connections {
  readonly #all = new Set<Connection>()
  readonly #ofUsers = new Map<string, Set<Connection>>()
  readonly #strangers = new Map<string, number>()

  constructor(private readonly limits: SocketLimits) {}

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values()
  }

  /** @throws `too_many_requests` where the address has too many sockets without a sign-in */
  refuseCrowd(address: string | undefined): void {
    if ((this.#strangers.get(addressKey(address)) ?? 0) >= this.limits.strangersPerAddress)
      throw tooManyRequests(RETRY_SECONDS)
  }

  add(connection: Connection): void {
    this.#all.add(connection)
    this.#count(connection, 1)
  }

  /**
   * Notes who has signed in.
   *
   * @throws `too_many_requests` where the user has too many sockets, `unauthenticated` where this one is closed
   */
  admit(connection: Connection, identity: Identity): void {
    if (!connection.isOpen) throw unauthenticated()
    if (!connection.identity) {
      const key = identity.user._id.toString()
      const others = this.#ofUsers.get(key) ?? new Set()
      if (others.size >= this.limits.perUser) throw tooManyRequests(RETRY_SECONDS)
      this.#ofUsers.set(key, others.add(connection))
      this.#count(connection, -1)
    }
    connection.identity = identity
  }

  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    if (connection.identity) this.#dismiss(connection, connection.identity)
    else this.#count(connection, -1)
  }

  #dismiss(connection: Connection, { user }: Identity): void {
    const key = user._id.toString()
    const own = this.#ofUsers.get(key)
    own?.delete(connection)
    if (own?.size === 0) this.#ofUsers.delete(key)
  }

  #count({ client }: Connection, change: 1 | -1): void {
    const key = addressKey(client.address)
    const count = (this.#strangers.get(key) ?? 0) + change
    if (count > 0) this.#strangers.set(key, count)
    else this.#strangers.delete(key)
  }
}
