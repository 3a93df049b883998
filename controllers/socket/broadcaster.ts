import type { Context } from '../../app/context.ts'
import { describeSpace } from '../../app/quota/describe.ts'
import { Asset } from '../../models/asset.ts'
import { includesViewer, isVisibleTo } from '../../models/asset-access.ts'
import type { NewChange } from '../../models/change.ts'
import { ownersInTransition } from '../../models/user-state.ts'
import { serializeAssets } from '../../models/views/asset.ts'
import type { Connection, Identity } from './connection.ts'
import type { Connections } from './connections.ts'

/** A user who wants events, by all their sockets. */
type Subscriber = Identity['user'] & { sockets: Connection[] }

/** Tells subscribers of changes: exactly those who may read the asset when they are told, in order. */
export class Delivery {
  #last: Promise<void> = Promise.resolve()

  constructor(
    private readonly context: Context,
    private readonly connections: Connections,
  ) {}

  get isWanted(): boolean {
    for (const { subscribed } of this.connections) if (subscribed) return true
    return false
  }

  take(change: NewChange): void {
    if (!this.isWanted) return
    this.#last = this.#last
      .then(() => this.#deliver(change))
      .catch((error) => this.context.log.warn({ err: error }, 'an event is lost'))
  }

  /** Resolves when all that was taken is delivered. */
  async idle(): Promise<void> {
    await this.#last
  }

  async #deliver(change: NewChange): Promise<void> {
    if (change.kind === 'asset.deleted') this.#tellDeleted(change)
    else await this.#tellAsset(change)
    if (change.space) await this.#tellSpace(change)
  }

  #tellDeleted({ kind, asset, readers }: NewChange): void {
    for (const { sockets, ...user } of this.#subscribers())
      if (includesViewer(readers ?? [], user)) tell(sockets, { event: kind, id: String(asset) })
  }

  async #tellAsset({ kind, asset: id, readers }: NewChange): Promise<void> {
    if (!id) return
    const [asset, owners] = await Promise.all([Asset.byId(id), ownersInTransition()])
    if (!asset) return
    const concerned = this.#subscribers().filter(
      (user) => isVisibleTo(asset, user, owners) && (!readers || includesViewer(readers, user)),
    )
    const now = this.context.clock.now()
    const views = await Promise.all(concerned.map((user) => serializeAssets([asset], user, now)))
    for (const [n, { sockets }] of concerned.entries()) tell(sockets, { event: kind, asset: views[n]?.[0] })
  }

  async #tellSpace({ owner }: NewChange): Promise<void> {
    const user = this.#subscribers().find(({ _id }) => _id.equals(owner))
    if (user) tell(user.sockets, { event: 'space', space: await describeSpace(this.context, user) })
  }

  #subscribers(): Subscriber[] {
    const users = new Map<string, Subscriber>()
    for (const connection of this.connections) {
      const { identity, subscribed, isOpen } = connection
      if (!identity || !subscribed || !isOpen) continue
      const key = identity.user._id.toString()
      const user = users.get(key) ?? { ...identity.user, sockets: [] }
      user.sockets.push(connection)
      users.set(key, user)
    }
    return [...users.values()]
  }
}

function tell(sockets: Connection[], event: object): void {
  for (const socket of sockets) if (socket.isOpen) socket.send(event)
}
