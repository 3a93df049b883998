import { expect } from 'chai'
import { type Expected, FaultFixture, settledState } from './fixture.ts'

/** Commands that change documents. */
const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'findandmodify']
/** Commands of the driver itself, which the faults here do not concern. */
const OF_DRIVER = ['hello', 'isMaster', 'ismaster', 'ping', 'endSessions']

interface Reply {
  code: number
  codeName?: string
  errmsg?: string
  errorLabels?: string[]
}

const away = (says: RegExp): Expected => ({ status: 503, check: 'database', says })
const full: Expected = { status: 507, check: 'space', says: /^The database is full \(\d+/ }
const passing = away(/^The database changes its primary, stops or was interrupted \(\d+/)
const credentials = away(/^The database refuses the credentials .*MONGODB_URI\.$/)

const ROWS: [what: string, reply: Reply, expected: Expected][] = [
  ['the disk is full', { code: 14031, codeName: 'OutOfDiskSpace' }, full],
  ['a quota of Atlas', { code: 8000, codeName: 'AtlasError', errmsg: 'you are over your space quota' }, full],
  ['wrong password', { code: 18, codeName: 'AuthenticationFailed' }, credentials],
  [
    'no rights',
    { code: 13, codeName: 'Unauthorized', errmsg: 'not authorized on secret' },
    away(
      /does not allow this to the user of MONGODB_URI \(13 Unauthorized\)\. Give it the role readWrite\.$/,
    ),
  ],
  ['not the primary', { code: 10107, codeName: 'NotWritablePrimary' }, passing],
  ['the server stops', { code: 91, codeName: 'ShutdownInProgress' }, passing],
  ['a secondary', { code: 13435, codeName: 'NotPrimaryNoSecondaryOk' }, passing],
  ['retryable by its label', { code: 4242, errorLabels: ['RetryableWriteError'] }, passing],
  ['too many requests', { code: 16500 }, away(/^The database has too many requests \(16500\)/)],
]

describe('faults of the database', function () {
  this.timeout(60_000)
  let fixture: FaultFixture
  before(async () => {
    fixture = await FaultFixture.open()
  })
  after(() => fixture.close())

  function inject(reply: Record<string, unknown> | 'cut', commands?: string[]): () => void {
    fixture.database.fault = (command) => {
      if (OF_DRIVER.includes(command) || (commands && !commands.includes(command))) return undefined
      return reply
    }
    return () => {
      fixture.database.fault = () => undefined
    }
  }

  for (const [what, reply, expected] of ROWS)
    it(`upload – ${what} (${reply.code}) → ${expected.status}, told, nothing left, well afterwards`, () =>
      fixture.expectTold(expected, () =>
        inject({ ok: 0, errmsg: 'refused', ...reply }, expected.status === 507 ? WRITES : undefined),
      ))

  it('upload – connections are closed → 503, told, nothing left, well afterwards', () =>
    fixture.expectTold(away(/^The database .*\.$/), () => inject('cut')))

  it('upload – too few members confirm a write (64) → 503, told, nothing left', async () => {
    const writeConcernError = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting for replication' }
    await fixture.expectTold({ status: 503, check: null, says: /^Too few members .*\(64/ }, () =>
      inject({ ok: 1, n: 0, nModified: 0, value: null, writeConcernError }, WRITES),
    )
  })

  it('reads and removals – full → go on, downloads are answered', async () => {
    const before = await settledState(fixture.app)
    const id = await fixture.create()
    const end = inject({ ok: 0, code: 14031, errmsg: 'full' }, ['insert'])
    expect((await fixture.request('/api/assets')).status).to.equal(200)
    expect((await fixture.request(`/api/assets/${id}/download`)).status).to.equal(200)
    expect((await fixture.request(`/api/assets/${id}`, 'DELETE')).status).to.equal(204)
    end()
    await fixture.expectWell(before)
  })
})
