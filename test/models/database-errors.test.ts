import { expect } from 'chai'
import mongoose, { Error as MongooseError } from 'mongoose'
import { pino } from 'pino'
import { whenReachable } from '../../app/lifecycle/database.ts'
import { explainError } from '../../app/lifecycle/start-error.ts'
import { fromDatabase } from '../../models/database-errors.ts'

const { MongoServerError, MongoNetworkError, MongoServerSelectionError } = mongoose.mongo

const refused = (code: number, errmsg = 'refused by 10.0.0.1, secret', errorLabels: string[] = []) =>
  new MongoServerError({ ok: 0, code, errmsg, errorLabels })

/** Returns an error of a socket, as the driver wraps it. */
const socketError = (code: string) =>
  new MongoNetworkError('connection to 10.0.0.1 failed', { cause: Object.assign(new Error(code), { code }) })

/** Returns the error of the driver when the only server could not be used. */
function noServer(error: Error) {
  const servers = new Map([['10.0.0.1:27017', { error }]])
  const description = { servers } as unknown as ConstructorParameters<typeof MongoServerSelectionError>[1]
  return new MongoServerSelectionError('secret', description)
}

class WaitQueueTimeout extends mongoose.mongo.MongoDriverError {
  override get name() {
    return 'MongoWaitQueueTimeoutError'
  }
}

const PASSING = /^The database changes its primary, stops or was interrupted \(\d+\)\.$/
const CREDENTIALS = /^The database refuses the credentials .*MONGODB_URI\.$/
const FULL = /^The database is full \(\d+\)/

const ROWS: [what: string, error: Error, status: number, fault: RegExp][] = [
  ['a quota of the server', refused(12501), 507, FULL],
  ['no space, in words', refused(1, 'write failed: No space left on device'), 507, FULL],
  ['wrong password at Atlas', refused(8000, 'bad auth : Authentication failed.'), 503, CREDENTIALS],
  ['wrong password of the only server', noServer(refused(18)), 503, CREDENTIALS],
  [
    'no role at Atlas',
    refused(8000, 'user is not allowed to do action [find] on [kura.users]'),
    503,
    /Give it the role readWrite\.$/,
  ],
  ...[6, 7, 24, 43, 63, 89, 112, 133, 134, 150, 175, 189, 237, 262, 391, 9001, 10058, 11600].map(
    (code): [string, Error, number, RegExp] => [`code ${code}`, refused(code), 503, PASSING],
  ),
  ...[11601, 11602, 13388, 13436].map((code): [string, Error, number, RegExp] => [
    `code ${code}`,
    refused(code),
    503,
    PASSING,
  ]),
  ...['RetryableWriteError', 'RetryableError', 'TransientTransactionError', 'ResetPool'].map(
    (label): [string, Error, number, RegExp] => [`label ${label}`, refused(4242, '', [label]), 503, PASSING],
  ),
  ['overloaded', refused(462, '', ['SystemOverloadedError']), 503, /too many requests \(462\)\.$/],
  [
    'connection refused',
    noServer(socketError('ECONNREFUSED')),
    503,
    /refuses connections.*\(ECONNREFUSED\)\.$/,
  ],
  ['no address', noServer(socketError('ENOTFOUND')), 503, /cannot be found: .* \(ENOTFOUND\)\.$/],
  [
    'another certificate',
    noServer(socketError('ERR_TLS_CERT_ALTNAME_INVALID')),
    503,
    /certificate for another host/,
  ],
  ['an old certificate', noServer(socketError('CERT_HAS_EXPIRED')), 503, /\(CERT_HAS_EXPIRED\)\.$/],
  ['an own certificate', noServer(socketError('SELF_SIGNED_CERT_IN_CHAIN')), 503, /NODE_EXTRA_CA_CERTS/],
  ['connection reset', socketError('ECONNRESET'), 503, /closes its connections \(ECONNRESET\)\.$/],
  [
    'connection closed',
    new MongoNetworkError('connection 4 to 10.0.0.1 closed'),
    503,
    /closes its connections\.$/,
  ],
  ['no server', noServer(new Error('secret')), 503, /^The database does not answer, or has no primary\.$/],
  [
    'all connections in use',
    new WaitQueueTimeout('Timed out while checking out a connection'),
    503,
    /is too slow: every connection/,
  ],
  [
    'time-out of a command',
    new mongoose.mongo.MongoOperationTimeoutError('Timed out after 10 ms'),
    503,
    /does not answer in time\.$/,
  ],
]

describe('errors of the database', () => {
  for (const [what, error, status, fault] of ROWS)
    it(`fromDatabase – ${what} → ${status}, says what is wrong without hosts and secrets`, () => {
      const translated = fromDatabase(error)
      expect(translated).to.include({ status, code: status === 507 ? 'server_full' : 'unavailable' })
      expect(translated?.fault).to.match(fault)
      expect(translated?.fault).to.not.match(/10\.0\.0\.1|secret/)
      expect(translated?.headers).to.deep.equal(status === 507 ? {} : { 'Retry-After': '5' })
    })

  for (const [what, error] of [
    ['a fault of a command', refused(2)],
    ['Atlas, another refusal', refused(8000, 'unknown option')],
    ['a fault of the program', new TypeError('timed out')],
    ['a validation', new MongooseError.ValidationError()],
  ] as const)
    it(`fromDatabase – ${what} → unexpected`, () => expect(fromDatabase(error)).to.equal(null))

  it('start – refused credentials → tries again, the log says which variable to check', async () => {
    const lines: string[] = []
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) })
    const stop = new AbortController()
    const failing = whenReachable(
      async () => {
        setImmediate(() => stop.abort())
        throw refused(18, 'Authentication failed.')
      },
      log,
      stop.signal,
    )
    await failing
    const [line] = lines.map((text) => JSON.parse(text))
    expect(line).to.include({ reason: 'Authentication failed.' })
    expect(line.fault).to.match(CREDENTIALS)
  })

  it('command – refused credentials → one sentence with the variable, no stack', () => {
    const text = explainError(refused(18, 'Authentication failed.'))
    expect(text).to.match(
      /^The database refuses the credentials .*MONGODB_URI\.\nThe error was: Authentication failed\.$/,
    )
  })
})
