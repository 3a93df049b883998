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

/** Errors that one run reports at most. */
const MAX_ERRORS = 50
/** Bytes of a file whose download is still running when the client disconnects. */
const LARGE_BYTES = 3_000_000

/** The attacked service with its accounts, assets and the errors found. */
export class Target {
  readonly errors: string[] = []
  /** Number of answers by status. */
  readonly statuses = new Map<number, number>()
  /** Paths that are served without an account. */
  publicPaths: string[] = []
  /** Id of an asset whose files can be replaced. */
  replaceable = ''
  /** Existing ids of the owner. */
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

  /** Creates the owner, a public asset with one large file, and one with two files. */
  static async create(origin: string): Promise<Target> {
    const target = new Target(origin, await register(origin))
    target.#accounts.push(target.owner)
    const large = await target.#upload(randomBytes(LARGE_BYTES))
    const pair = await target.#upload(randomBytes(200_000), randomBytes(1000))
    const link = await target.#post<{ link: { token: string } }>(`/api/assets/${pair.id}/links`, {})
    const project = await target.#post<{ project: { id: string } }>('/api/projects', { title: 'House' })
    const files = [...large.files, ...pair.files].map(({ url }) => url)
    const downloads = [large, pair].map(({ id }) => `/api/assets/${id}/download`)
    target.publicPaths = [...files, ...downloads, `/api/links/${link.link.token}/download`]
    target.replaceable = (await target.#upload(randomBytes(1000))).id
    target.ids.asset = [large.id, pair.id]
    target.ids.file = files.map((url) => String(url.split('/').at(-1)))
    target.ids.link = [link.link.token]
    target.ids.project = [project.project.id]
    return target
  }

  /** Creates another account, which `deleteAccounts` deletes. */
  async account(): Promise<Account> {
    const account = await register(this.origin)
    this.#accounts.push(account)
    return account
  }

  /** Deletes all created accounts with their assets. */
  async deleteAccounts(): Promise<void> {
    for (const { username, password } of this.#accounts.splice(0)) {
      const { token } = await send<{ token: string }>(
        `${this.origin}/api/auth/login`,
        json({ login: username, password }),
        200,
      )
      const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
      const body = JSON.stringify({ password })
      const { status } = await fetch(`${this.origin}/api/users/me`, { method: 'DELETE', headers, body })
      // a random request can have locked an asset, which prevents the deletion of its owner
      if (status !== 204 && status !== 423) this.fail(`an account could not be deleted: ${status}`)
    }
  }

  /** Returns the used and reserved bytes of the owner as the service reports them. */
  async space(): Promise<{ used: number; reserved: number }> {
    const headers = { Authorization: `Bearer ${this.owner.token}` }
    return send(`${this.origin}/api/space`, { headers }, 200)
  }

  /** Records an error. */
  fail(text: string): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push(text)
  }

  /** Counts an answer. Reports status 500 as an error. */
  answered(status: number, what: () => string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (status === 500) this.fail(`500 for ${what()}`)
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
