import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect } from 'chai'
import type { FakeCall, Fault } from '../../support/s3/fake-s3.ts'
import { type Expected, FaultFixture, openBucket } from './fixture.ts'

const WRITES = ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']
const PAGE = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Log in</title></head></html>'

const refused = (status: number, code: string, more = ''): Fault => ({
  status,
  body: `<Error><Code>${code}</Code><Message>at http://10.0.0.1, secret</Message>${more}</Error>`,
})
const empty = (status: number, headers = {}): Fault => ({ status, headers })
const page = (status: number): Fault => ({ status, headers: { 'Content-Type': 'text/html' }, body: PAGE })
const away = (says: RegExp): Expected => ({ status: 503, check: 'store', says })
const full = (code: string): Expected => ({
  status: 507,
  check: 'space',
  says: new RegExp(`^The store is full, or its quota is used up \\(${code}\\)`),
})
const onWrites = (says: RegExp): Expected => ({ status: 503, check: null, says })
const region = away(
  /^The store has the bucket in another region \((\w| )+\)\. Set AWS_REGION to eu-west-1\.$/,
)
const notS3 = away(/^The store sends answers that are not those of an S3 store \(.*\)\. Check S3_ENDPOINT/)

/** Rows whose requests fail, each with all requests or with writes only. */
const ROWS: [what: string, fault: Fault, expected: Expected, only?: string[]][] = [
  [
    'unknown access key',
    refused(403, 'InvalidAccessKeyId'),
    away(/\(InvalidAccessKeyId\)\. Check AWS_ACCESS_KEY_ID\.$/),
  ],
  ['wrong secret', refused(403, 'SignatureDoesNotMatch'), away(/Check AWS_SECRET_ACCESS_KEY/)],
  ['expired token', refused(400, 'ExpiredToken'), away(/\(ExpiredToken\)\. Renew the credentials\.$/)],
  [
    'clock',
    refused(403, 'RequestTimeTooSkewed'),
    away(/\(RequestTimeTooSkewed\)\. Set the clock of this machine\.$/),
  ],
  ['no bucket', refused(404, 'NoSuchBucket'), away(/\(NoSuchBucket\)\. Check S3_BUCKET/)],
  ['no bucket, without body', empty(404), away(/\(NotFound\)\. Check S3_BUCKET/)],
  ['no rights', refused(403, 'AccessDenied'), away(/\(AccessDenied\)\. `npm run storage:doctor`/)],
  ['no rights, without body', empty(403), away(/\(HTTP 403\)\. `npm run storage:doctor`/)],
  ['no right to write', refused(403, 'AccessDenied'), away(/\(AccessDenied\)/), WRITES],
  ['region, by redirect', refused(301, 'PermanentRedirect', '<Region>eu-west-1</Region>'), region],
  ['region, by a header', empty(301, { 'x-amz-bucket-region': 'eu-west-1' }), region],
  [
    'region of the signature',
    refused(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>'),
    region,
  ],
  [
    'redirect',
    empty(302, { Location: 'http://login.example.com/' }),
    away(/\(HTTP 302\)\. Check S3_ENDPOINT\.$/),
  ],
  ['SlowDown', refused(503, 'SlowDown'), away(/^The store has too many requests \(SlowDown\)/)],
  ['503 without body', empty(503), away(/too many requests \(HTTP 503\)/)],
  ['429', refused(429, 'TooManyRequests'), away(/too many requests \((TooManyRequests|HTTP 429)\)/)],
  ['InternalError', refused(500, 'InternalError'), away(/an error of its own \(InternalError\)/)],
  ['InternalError with status 200', refused(200, 'InternalError'), onWrites(/\(InternalError\)/), WRITES],
  ['RequestTimeout', refused(400, 'RequestTimeout'), away(/\(RequestTimeout\)/)],
  [
    'BadDigest',
    refused(400, 'BadDigest'),
    onWrites(/\(BadDigest\)\. Set S3_CHECKSUMS=when_required/),
    WRITES,
  ],
  ['NotImplemented', refused(501, 'NotImplemented'), onWrites(/\(NotImplemented\)/), WRITES],
  ['an unknown code', refused(418, 'Teapot'), away(/^The store refuses requests \(Teapot\)\.$/)],
  ['a page of a proxy', page(502), notS3],
  ['a page of a login', page(200), notS3],
  ['a page of a refusal', page(403), notS3],
  ['an empty good answer', empty(200), onWrites(notS3.says), WRITES],
  ['malformed XML', { status: 500, body: '<Error><Code>Inter' }, notS3],
  ['connection closed', 'reset', onWrites(/^The store closes its connections \(ECONNRESET\)\.$/), WRITES],
  ['no answer', 'stall', onWrites(/^The store does not answer in time \(TimeoutError\)\.$/), WRITES],
  ['full disks (MinIO)', refused(507, 'XMinioStorageFull'), full('XMinioStorageFull'), WRITES],
  [
    'quota of MinIO',
    refused(400, 'XMinioAdminBucketQuotaExceeded'),
    full('XMinioAdminBucketQuotaExceeded'),
    WRITES,
  ],
  ['quota of Ceph', refused(403, 'QuotaExceeded'), full('QuotaExceeded'), WRITES],
  ['507 without body', empty(507), full('507'), WRITES],
  ['too many buckets is not full', refused(400, 'TooManyBuckets'), onWrites(/\(TooManyBuckets\)/), WRITES],
]

describe('faults of the bucket', function () {
  this.timeout(60_000)
  let fixture: FaultFixture
  before(async () => {
    fixture = await FaultFixture.open()
  })
  after(() => fixture.close())

  const inject = (fault: Fault, only?: string[]) => () => {
    fixture.bucket.fault = ({ operation }: FakeCall) =>
      only === undefined || only.includes(operation) ? fault : undefined
    return () => {
      fixture.bucket.fault = () => undefined
    }
  }

  for (const [what, fault, expected, only] of ROWS)
    it(`upload – ${what} → ${expected.status}, told, nothing left, well afterwards`, () =>
      fixture.expectTold(expected, inject(fault, only)))

  for (const [what, fault] of [
    ['a page of a login', page(200)],
    ['an empty answer', empty(200)],
    ['no right to read', refused(403, 'AccessDenied')],
  ] as const)
    it(`GET /api/assets/:id/download – ${what} → 503 with Retry-After`, async () => {
      const id = await fixture.create()
      const end = inject(fault, ['GetObject'])()
      const answer = await fixture.request(`/api/assets/${id}/download`)
      end()
      expect(answer.status).to.equal(503)
      expect(answer.headers.get('Retry-After')).to.equal('5')
      expect((await fixture.request(`/api/assets/${id}/download`)).status).to.equal(200)
      expect((await fixture.request(`/api/assets/${id}`, 'DELETE')).status).to.equal(204)
    })

  it('upload – the host name has no address → 503, told', async () => {
    const store = await openBucket('http://kura-test.invalid')
    await fixture.expectTold(away(/^The store cannot be found: .* \((ENOTFOUND|EAI_AGAIN)\)\.$/), () =>
      fixture.replaceStore(store),
    )
  })

  it('upload – connections are refused → 503, told', async () => {
    const closed = createServer()
    await once(closed.listen(0, '127.0.0.1'), 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    const store = await openBucket(`http://127.0.0.1:${port}`)
    await fixture.expectTold(away(/^The store refuses connections: .* \(ECONNREFUSED\)\.$/), () =>
      fixture.replaceStore(store),
    )
  })

  it('upload – TLS to a server without it → 503, told', async () => {
    const store = await openBucket(fixture.bucket.endpoint.replace('http:', 'https:'))
    await fixture.expectTold(away(/^The store does not speak TLS as expected \(\w+\)\.$/), () =>
      fixture.replaceStore(store),
    )
  })
})
