import { plainUrls } from '../../app/assets/signed-url.ts'
import type { Context } from '../../app/context.ts'
import { describeSpace } from '../../app/quota/describe.ts'
import { Asset } from '../../models/asset.ts'
import { includesViewer, isVisibleTo } from '../../models/asset-access.ts'
import type { Change } from '../../models/event.ts'
import { ownerState } from '../../models/owner-states.ts'
import { serializeAssets } from '../../models/views/asset.ts'
import type { Connection, Identity } from './connection.ts'
import type { Connections } from './connections.ts'

/** A user with subscribed connections. */
type Subscriber = Identity['user'] & { connections: Connection[] }

/** Sends events about changes, in order, to the subscribers who can read the asset when the event is sent. */
export class Broadcaster {
  #last: Promise<void> = Promise.resolve()

  constructor(
    private readonly context: Context,
    private readonly connections: Connections,
  ) {}

  get hasSubscribers(): boolean {
    for (const { isSubscribed } of this.connections) if (isSubscribed) return true
    return false
  }

  broadcast(change: Change): void {
    if (!this.hasSubscribers) return
    this.#last = this.#last
      .then(() => this.#send(change))
      .catch((error) => this.context.log.warn({ err: error }, 'an event could not be sent'))
  }

  /** Resolves when the events of all changes so far are sent. */
  async whenIdle(): Promise<void> {
    await this.#last
  }

  async #send(change: Change): Promise<void> {
    if (change.kind === 'asset.deleted') this.#sendDeleted(change)
    else await this.#sendAsset(change)
    if (change.space) await this.#sendSpace(change)
  }

  #sendDeleted({ kind, asset, readersBefore }: Change): void {
    for (const { connections, ...user } of this.#subscribers())
      if (includesViewer(readersBefore ?? [], user)) sendTo(connections, { event: kind, id: String(asset) })
  }

  async #sendAsset({ kind, asset: id, readers }: Change): Promise<void> {
    if (!id) return
    const asset = await Asset.byId(id)
    if (!asset) return
    const owner = await ownerState(asset.owner)
    const recipients = this.#subscribers().filter(
      (user) => isVisibleTo(asset, user, owner) && (!readers || includesViewer(readers, user)),
    )
    const now = this.context.clock.now()
    const views = await Promise.all(
      recipients.map((user) => serializeAssets([asset], user, now, plainUrls(this.context))),
    )
    for (const [n, { connections }] of recipients.entries())
      sendTo(connections, { event: kind, asset: views[n]?.[0] })
  }

  async #sendSpace({ owner }: Change): Promise<void> {
    const user = owner && this.#subscribers().find(({ _id }) => _id.equals(owner))
    if (user) sendTo(user.connections, { event: 'space', space: await describeSpace(this.context, user) })
  }

  #subscribers(): Subscriber[] {
    const users = new Map<string, Subscriber>()
    for (const connection of this.connections) {
      const { identity, isSubscribed, isOpen } = connection
      if (!identity || !isSubscribed || !isOpen) continue
      const key = identity.user._id.toString()
      const user = users.get(key) ?? { ...identity.user, connections: [] }
      user.connections.push(connection)
      users.set(key, user)
    }
    return [...users.values()]
  }
}

function sendTo(connections: Connection[], event: object): void {
  for (const connection of connections) if (connection.isOpen) connection.send(event)
}
