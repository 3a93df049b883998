import { expect } from 'chai'
import { pino } from 'pino'
import { sweep } from '../../../app/maintenance/sweep.ts'
import type { ObjectStore } from '../../../app/storage/object-store.ts'
import { openS3Store } from '../../../app/storage/s3/store.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { CommandProxy } from '../../support/app/command-proxy.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { type RawAnswer, uploadRaw, withLength } from '../../support/app/raw-upload.ts'
import { stateOf } from '../../support/app/state.ts'
import { signUp } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../../support/s3/fake-s3.ts'

/** What an injected fault must cause. */
export interface Expected {
  status: 503 | 507
  /** What the log and `/readyz` say. */
  says: RegExp
  /** The check of `/readyz` that says so. Null: none, because only writes fail, and the next one can succeed. */
  check: 'database' | 'store' | 'space' | null
}

const BYTES = Buffer.from('the bytes of a file')
const HOSTS_AND_SECRETS = /127\.0\.0\.1|localhost|secret|mongodb:|https?:/

/** The service with a database and a bucket that can answer with errors. */
export class FaultFixture {
  readonly #lines: string[] = []

  private constructor(
    readonly app: TestApp,
    readonly database: CommandProxy,
    readonly bucket: FakeS3,
    private readonly token: string,
  ) {
    app.context.log = pino({ level: 'error' }, { write: (line: string) => this.#lines.push(line) })
  }

  static async open(): Promise<FaultFixture> {
    const { proxy: database, uri } = await CommandProxy.open(await databaseUri())
    const bucket = await startFakeS3()
    const app = await startApp({
      store: await openBucket(bucket.endpoint),
      uri: `${uri}${uri.includes('?') ? '&' : '?'}serverSelectionTimeoutMS=800&heartbeatFrequencyMS=500`,
    })
    const { token } = await signUp(app, 'ada')
    return new FaultFixture(app, database, bucket, token)
  }

  async close(): Promise<void> {
    await this.app.stop()
    await this.app.store.close()
    await this.database.close()
    await this.bucket.close()
  }

  upload(): Promise<RawAnswer> {
    return uploadRaw({ origin: this.app.origin, token: this.token }, BYTES, withLength(BYTES))
  }

  /** Uploads a file and returns the id of its asset. */
  async create(): Promise<string> {
    const { status, res } = await this.upload()
    expect(status).to.equal(201)
    return String((res?.asset as { id: string } | undefined)?.id)
  }

  request(path: string, method = 'GET'): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.token}` }
    return fetch(`${this.app.origin}${path}`, { method, headers })
  }

  async checks(): Promise<Record<string, string>> {
    const answer = await fetch(`${this.app.origin}/readyz`)
    return { status: String(answer.status), ...((await answer.json()) as { checks: object }).checks }
  }

  /**
   * Uploads while a fault lasts and checks the answer, the log and `/readyz`, then that the fault left nothing behind and
   * that the same request succeeds at once.
   */
  async expectTold({ status, says, check }: Expected, inject: () => () => void): Promise<void> {
    const before = await settledState(this.app)
    this.#lines.length = 0
    const end = inject()
    let checks: Record<string, string>
    try {
      expect(await this.upload()).to.deep.include({
        status,
        code: status === 507 ? 'server_full' : 'unavailable',
      })
      checks = await this.checks()
    } finally {
      end()
    }
    const faults = this.#lines.map((line) => JSON.parse(line).fault).filter(Boolean)
    expect(faults, this.#lines.join('')).to.satisfy((all: string[]) => all.some((one) => says.test(one)))
    for (const sentence of [...faults, ...Object.values(checks)])
      expect(sentence).to.not.match(HOSTS_AND_SECRETS)
    if (check) expect(checks[check]).to.match(says)
    expect(checks.status).to.equal(check === 'database' || check === 'store' ? '503' : '200')
    await this.expectWell(before)
  }

  /** Expects that nothing has changed, and that a file can be stored, read and removed. */
  async expectWell(before: Awaited<ReturnType<typeof settledState>>): Promise<void> {
    await eventually(async () => {
      await sweep({ ...this.app.context, staleMs: -1 })
      expect(await settledState(this.app)).to.deep.equal(before)
    }, 10_000)
    for await (const { key } of this.app.store.listUnfinished('')) expect.fail(`${key} is left`)
    const id = await this.create()
    expect((await this.request(`/api/assets/${id}/download`)).status).to.equal(200)
    expect((await this.request(`/api/assets/${id}`, 'DELETE')).status).to.equal(204)
    expect(await this.checks()).to.deep.equal({ status: '200', ...ALL_OK })
  }

  /** Uses another store for a time. Returns what ends it. */
  replaceStore(store: ObjectStore): () => void {
    const { context } = this.app
    const { store: before } = context
    context.store = store
    context.recentFaults.watch(store)
    return () => {
      context.store = before
      void store.close()
    }
  }
}

/** Returns all stored state, without the records that prevent a late commit of a discarded upload. They end by time. */
export async function settledState(app: TestApp) {
  const state = await stateOf(app)
  return { ...state, assets: state.assets.filter(({ fencedAt }) => !fencedAt) }
}

const ALL_OK = { database: 'ok', indexes: 'ok', store: 'ok', space: 'ok', log: 'ok', proxy: 'ok' }

/** Opens a bucket with short time limits. */
export const openBucket = (endpoint: string): Promise<ObjectStore> =>
  openS3Store({
    bucket: 'kura-test',
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' },
    attempts: 2,
    timeouts: { connect: 300, idle: 400, check: 1000 },
  })
