import { expect } from 'chai'
import { checkExchange, type Exchange } from '../support/openapi/check-exchange.ts'
import { openApi } from '../support/openapi/document.ts'

const examples = openApi.components.examples as Record<string, { value: { res: Record<string, object> } }>
const answer = examples.Asset?.value ?? { res: {} }
const HEADERS = { 'x-request-id': 'a', 'content-type': 'application/json; charset=utf-8' }
const asset = (change: object) =>
  JSON.stringify({ ...answer, res: { asset: { ...answer.res.asset, ...change } } })
const refusal = (code: string) =>
  JSON.stringify({ status: 'error', err: { code, message: 'No.', requestId: 'a' } })

const READ: Exchange = {
  method: 'GET',
  url: '/api/assets/1',
  sent: undefined,
  status: 200,
  headers: { ...HEADERS, etag: '"1-a"', 'cache-control': 'private, no-cache' },
  body: asset({}),
}
const UPDATE: Exchange = { ...READ, method: 'PATCH', sent: { name: 'x' } }
const NO_ROUTE: Exchange = {
  ...READ,
  url: '/api/nothing',
  status: 404,
  headers: HEADERS,
  body: refusal('not_found'),
}

const FITTING: [name: string, exchange: Exchange][] = [
  ['an answer as documented', READ],
  ['the same at a path with a slash at its end, in capitals', { ...READ, url: '/API/assets/1/' }],
  ['a HEAD', { ...READ, method: 'HEAD', body: undefined }],
  ['a change as documented', UPDATE],
  [
    'a file of any type',
    { ...READ, url: '/api/assets/1/download', headers: fileHeaders('model/stl'), body: undefined },
  ],
  [
    'a file that is JSON',
    { ...READ, url: '/api/assets/1/download', headers: fileHeaders('application/json'), body: '[' },
  ],
  ['a documented refusal', { ...READ, status: 404, headers: HEADERS, body: refusal('not_found') }],
  [
    'the refusal of a body where none belongs',
    { ...READ, status: 413, headers: HEADERS, body: refusal('too_large') },
  ],
  ['the refusal of an unknown path', NO_ROUTE],
]

const DIFFERING: [name: string, exchange: Exchange, fault: RegExp][] = [
  ['a status', { ...READ, status: 202 }, /status that is not documented/],
  ['a field too many', { ...READ, body: asset({ key: 'x' }) }, /additional properties.*"key"/],
  ['a field too few', { ...READ, body: asset({ lock: undefined }) }, /required property 'lock'/],
  ['a field of another type', { ...READ, body: asset({ size: '1' }) }, /size must be integer/],
  ['a body that is no JSON', { ...READ, body: '{' }, /must be object/],
  ['no body', { ...READ, body: undefined }, /must be object/],
  ['a body where none is documented', { ...READ, method: 'DELETE', status: 204 }, /has a body/],
  [
    'another media type',
    { ...READ, headers: { ...READ.headers, 'content-type': 'text/html' } },
    /is text\/html/,
  ],
  ['no ETag', { ...READ, headers: { ...READ.headers, etag: undefined } }, /lacks the header ETag/],
  ['an ETag of another form', { ...READ, headers: { ...READ.headers, etag: '"x"' } }, /header ETag/],
  ['another error code', { ...READ, status: 404, headers: HEADERS, body: refusal('forbidden') }, /code/],
  ['a refusal without an envelope', { ...NO_ROUTE, body: '{}' }, /required property 'err'/],
  ['a route that is not documented', { ...READ, url: '/api/nothing' }, /is not documented/],
  ['a query parameter that succeeds', { ...READ, url: '/api/assets/1?a=b' }, /query parameter a/],
  ['a field of a body that succeeds', { ...UPDATE, sent: { owner: 'x' } }, /takes a body.*"owner"/],
  [
    'a field of a form that succeeds',
    {
      ...READ,
      method: 'POST',
      url: '/api/assets',
      status: 201,
      headers: { ...READ.headers, location: '/' },
      sent: { owner: 'x' },
    },
    /takes the field owner/,
  ],
]

function fileHeaders(type: string): Exchange['headers'] {
  return {
    'x-request-id': 'a',
    'content-type': type,
    etag: `"${'0'.repeat(64)}"`,
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment; filename="a.bin"',
    'content-length': '1',
    'last-modified': new Date(0).toUTCString(),
    'cache-control': 'public, no-cache',
    'content-security-policy': "sandbox; default-src 'none'",
  }
}

describe('checkExchange', () => {
  for (const [name, exchange] of FITTING)
    it(`checkExchange – ${name} → no complaint`, () => {
      expect(checkExchange(exchange)).to.deep.equal([])
    })

  for (const [name, exchange, fault] of DIFFERING)
    it(`checkExchange – ${name} → complaint`, () => {
      expect(checkExchange(exchange).join('\n')).to.match(fault)
    })
})
