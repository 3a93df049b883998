import { randomBytes, randomUUID } from 'node:crypto'
import { json, register, send } from '../../support/app/client.ts'

export interface Account {
  origin: string
  token: string
  username: string
  password: string
}

interface Asset {
  id: string
  files: { url: string }[]
}

/** The most faults that one run tells. */
const MOST_FAULTS = 50
/** Large enough that a response is under way when its client leaves. */
const LARGE_BYTES = 3_000_000

/** What attacks use: the attacked service, accounts, things to ask for, and the list of faults found. */
export class World {
  readonly faults: string[] = []
  /** How often each status was answered. */
  readonly statuses = new Map<number, number>()
  /** Paths that are served without an account. */
  publicPaths: string[] = []
  /** The id of a private asset whose files may be replaced. */
  replaceable = ''
  /** Ids that exist, of the owner's. */
  ids: Record<'asset' | 'file' | 'user' | 'project' | 'link', string[]> = {
    asset: [],
    file: [],
    user: [],
    project: [],
    link: [],
  }
  #accounts: Account[] = []

  private constructor(
    readonly origin: string,
    readonly owner: Account,
  ) {}

  get port(): number {
    return Number(new URL(this.origin).port)
  }

  /** Makes the owner, a public asset of one large file, and one of two files. */
  static async create(origin: string): Promise<World> {
    const world = new World(origin, await register(origin))
    world.#accounts.push(world.owner)
    const large = await world.#upload(randomBytes(LARGE_BYTES))
    const pair = await world.#upload(randomBytes(200_000), randomBytes(1000))
    const link = await world.#post<{ link: { token: string } }>(`/api/assets/${pair.id}/links`, {})
    const project = await world.#post<{ project: { id: string } }>('/api/projects', { title: 'House' })
    const files = [...large.files, ...pair.files].map(({ url }) => url)
    const downloads = [large, pair].map(({ id }) => `/api/assets/${id}/download`)
    world.publicPaths = [...files, ...downloads, `/api/links/${link.link.token}/download`]
    world.replaceable = (await world.#upload(randomBytes(1000))).id
    world.ids.asset = [large.id, pair.id]
    world.ids.file = files.map((url) => String(url.split('/').at(-1)))
    world.ids.link = [link.link.token]
    world.ids.project = [project.project.id]
    return world
  }

  /** Makes another account. Accounts are removed by `leave`. */
  async account(): Promise<Account> {
    const account = await register(this.origin)
    this.#accounts.push(account)
    return account
  }

  /** Deletes every account that this made, and with them all that they stored. */
  async leave(): Promise<void> {
    for (const { username, password } of this.#accounts.splice(0)) {
      const { token } = await send<{ token: string }>(
        `${this.origin}/api/auth/login`,
        json({ login: username, password }),
        200,
      )
      const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
      const body = JSON.stringify({ password })
      const { status } = await fetch(`${this.origin}/api/users/me`, { method: 'DELETE', headers, body })
      // a random request may have locked an asset, which keeps its owner's account
      if (status !== 204 && status !== 423) this.fault(`an account could not be deleted: ${status}`)
    }
  }

  /** What the owner's account holds by the service's own word. */
  async space(): Promise<{ used: number; reserved: number }> {
    const headers = { Authorization: `Bearer ${this.owner.token}` }
    return send(`${this.origin}/api/space`, { headers }, 200)
  }

  fault(text: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(text)
  }

  /** Counts an answer; 500 is a fault whatever was asked. */
  answered(status: number, what: () => string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (status === 500) this.fault(`500 for ${what()}`)
  }

  async #upload(...contents: Buffer[]): Promise<Asset> {
    const body = new FormData()
    for (const content of contents) body.append('files', new Blob([content]), `${randomUUID()}.bin`)
    body.append('visibility', 'public')
    const request = { method: 'POST', headers: { Authorization: `Bearer ${this.owner.token}` }, body }
    return (await send<{ asset: Asset }>(`${this.origin}/api/assets`, request, 201)).asset
  }

  #post<T>(path: string, body: object): Promise<T> {
    const request = json(body)
    const headers = { ...request.headers, Authorization: `Bearer ${this.owner.token}` }
    return send<T>(`${this.origin}${path}`, { ...request, headers }, 201)
  }
}
