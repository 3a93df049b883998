import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, register } from '../app/client.ts'
import { type UploadOptions, uploadRaw, withLength } from '../app/raw-upload.ts'
import { png } from '../data/samples.ts'

/** What an asset must contain according to the answers. */
interface Promised {
  /** The possible digests of its file: one, or two when a replacement was not answered. */
  digests: Set<string>
  /** Least number of preview images. */
  images: number
}

/** A client that sends random requests and remembers the acknowledged ones. */
export class KillClient {
  readonly promised = new Map<string, Promised>()
  /** Assets whose deletion was acknowledged. */
  readonly deleted = new Set<string>()
  /** Accounts whose deletion was acknowledged. */
  readonly gone: string[] = []
  account: (Client & { username: string; password: string }) | undefined
  /** The asset of each upload with an `Idempotency-Key`, by the key, which is also its name; null without an answer. */
  readonly keyed = new Map<string, string | null>()
  answers = 0
  broken = 0
  /** Uploads with an `Idempotency-Key` and without an answer, to be repeated. */
  #unanswered: Upload[] = []
  #picture: Promise<Buffer> = png({ width: 40, height: 30 })

  constructor(
    private readonly origin: string,
    private readonly stopping: () => boolean,
  ) {}

  /** Sends requests until `stopping` returns true. Interrupted requests are expected. */
  async run(): Promise<void> {
    while (!this.stopping()) {
      try {
        await this.#act()
        this.answers++
      } catch (error) {
        if (error instanceof UnexpectedAnswer) throw error
        this.broken++
        await this.#untilReady()
      }
    }
  }

  async #act(): Promise<void> {
    this.account ??= await register(this.origin)
    const [id] = [...this.promised.keys()].sort(() => Math.random() - 0.5)
    const dice = Math.random()
    if (!id || dice < 0.5) await this.#create()
    else if (dice < 0.7) await this.#replace(id)
    else if (dice < 0.82) await this.#addImage(id)
    else if (dice < 0.98) await this.#remove(id)
    else await this.#deleteAccount()
  }

  /** Waits for the next process, because requests without a service would only count as broken. */
  async #untilReady(): Promise<void> {
    const isReady = () =>
      fetch(`${this.origin}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await isReady()) && !this.stopping()) await delay(50)
  }

  get #client(): Client {
    return { origin: this.origin, token: String(this.account?.token) }
  }

  async #create(): Promise<void> {
    const repeated = Math.random() < 0.5 ? this.#unanswered.shift() : undefined
    const upload = repeated ?? someUpload(`${randomUUID()}.bin`)
    const { name, bytes, digest, how, isKeyed } = upload
    if (isKeyed) {
      this.#unanswered.push(upload)
      this.keyed.set(name, null)
    }
    const { status, res } = await uploadRaw(this.#client, bytes, how)
    // the killed request of a key counts as running until it is stale
    if (isKeyed && status === 409) return
    expectStatus('an upload', status, 201)
    const id = String((res?.asset as { id: string } | undefined)?.id)
    if (isKeyed) {
      this.#unanswered = this.#unanswered.filter((one) => one !== upload)
      this.keyed.set(name, id)
    }
    this.promised.set(id, { digests: new Set([digest]), images: 0 })
  }

  async #replace(id: string): Promise<void> {
    const { bytes, digest, how } = someFile()
    const promise = this.promised.get(id)
    promise?.digests.add(digest)
    const path = `/api/assets/${id}/files`
    const { status } = await uploadRaw(this.#client, bytes, { ...how, method: 'PUT', path })
    expectStatus('a replacement', status, 200)
    promise?.digests.clear()
    promise?.digests.add(digest)
  }

  async #addImage(id: string): Promise<void> {
    const promise = this.promised.get(id)
    if (!promise || promise.images >= 2) return
    const picture = await this.#picture
    const how = { path: `/api/assets/${id}/images`, field: 'images', name: 'front.png' }
    const { status } = await uploadRaw(this.#client, picture, withLength(picture, how))
    expectStatus('a picture', status, 201)
    promise.images++
  }

  async #remove(id: string): Promise<void> {
    // Without an answer the asset can exist or not.
    this.promised.delete(id)
    const answer = await this.#fetch(`/api/assets/${id}`, { method: 'DELETE' })
    expectStatus('a deletion', answer.status, 204)
    this.deleted.add(id)
  }

  async #deleteAccount(): Promise<void> {
    const { password, username } = { password: '', username: '', ...this.account }
    this.promised.clear()
    this.keyed.clear()
    this.#unanswered = []
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ password })
    const request = this.#fetch('/api/users/me', { method: 'DELETE', headers, body })
    this.account = await request.then(
      ({ status }) => {
        expectStatus('an account deletion', status, 204)
        this.gone.push(username)
        return undefined
      },
      () => undefined,
    )
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    const { origin, token } = this.#client
    return fetch(`${origin}${path}`, {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${token}`, Connection: 'close' },
    })
  }
}

class UnexpectedAnswer extends Error {}

function expectStatus(what: string, status: number, wanted: number): void {
  // 503: the restarted service has not reached its database yet
  if (status !== wanted && status !== 503)
    throw new UnexpectedAnswer(`${what}: ${status} instead of ${wanted}`)
  if (status === 503) throw new Error('not ready')
}

interface Upload {
  /** The name of the file and of its asset. */
  name: string
  bytes: Buffer
  digest: string
  how: UploadOptions
  /** Whether it has an `Idempotency-Key`: its name. */
  isKeyed: boolean
}

/** Returns an upload of a form or of bytes. */
function someUpload(name: string): Upload {
  const isKeyed = Math.random() < 0.5
  const isForm = Math.random() < 0.6
  const { bytes, digest, how } = someFile(name)
  const raw: UploadOptions = { method: 'PUT', path: `/api/files/${name}`, field: null }
  const sent = isForm ? how : Math.random() < 0.5 ? withLength(bytes, raw) : raw
  const headers = isKeyed ? { 'Idempotency-Key': name } : {}
  return { name, bytes, digest, how: { ...sent, headers }, isKeyed }
}

/** Returns a file, and how to send it as a form. One in five uploads has so many copies of it that they are a file set. */
function someFile(name = 'chair.bin') {
  const copies = Math.random() < 0.2 ? 25 : 1
  const isSmall = copies > 1 || Math.random() < 0.8
  const size = isSmall ? 1 + Math.floor((Math.random() * 40_000) / copies) : 1_000_000
  const bytes = randomBytes(size)
  const digest = createHash('sha256').update(bytes).digest('hex')
  return { bytes, digest, how: Math.random() < 0.5 ? withLength(bytes, { name, copies }) : { name, copies } }
}
