import { documentedRoutes } from '../../support/openapi/document.ts'
import type { Target } from './target.ts'
import { type Ending, each, exchange, statusOf } from './wire.ts'

/** Largest answer to a refused body, in bytes. */
const REFUSAL_BYTES = 16 * 1024

/** JSON that is deep, wide or unusual, each smaller than the limit of a body. */
const JSON_BODIES = [
  `{"settings":${'{"a":'.repeat(16_000)}1${'}'.repeat(16_000)}}`,
  `{"settings":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
  '['.repeat(50_000) + ']'.repeat(50_000),
  `{"tags":[${Array.from({ length: 45_000 }, () => '1').join(',')}]}`,
  `{"ids":[${Array.from({ length: 20_000 }, () => '{}').join(',')}]}`,
  `[${Array.from({ length: 45_000 }, () => '1').join(',')}]`,
  `{${Array.from({ length: 9000 }, (_, index) => `"k${index}":1`).join(',')}}`,
  '{"__proto__":{"x":1},"constructor":{"prototype":1}}',
  '{"name":"\\ud800","username":"\\u0000"}',
  '{"name":1e400,"size":-0}',
  '{"name":"a","name":"b"}',
  '{"a":',
  '"text"',
  'null',
  '',
  '\ufeff{}',
]

/** Sends deep and wide JSON to every route that takes JSON. */
export async function attackJson(target: Target, most: number): Promise<void> {
  const { token } = await target.account()
  const routes = documentedRoutes.filter(
    ({ operation }) => operation.requestBody?.content['application/json'],
  )
  const cases = routes.flatMap(({ method, path }) => JSON_BODIES.map((body) => ({ method, path, body })))
  await each(cases.slice(0, most), 4, async ({ method, path, body }) => {
    const address = path.replace(/\{assetId\}/, String(target.replaceable)).replace(/\{\w+\}/g, 'x')
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
    const answer = await fetch(`${target.origin}${address}`, { method, headers, body })
    const text = await answer.text()
    const what = () => `${method} ${path} with ${body.slice(0, 60)}… of ${body.length} bytes`
    target.answered(answer.status, what)
    if (answer.status >= 400 && text.length > REFUSAL_BYTES)
      target.fail(`a refusal of ${text.length} bytes: ${what()}`)
  })
}

const host = 'Host: kura\r\n'

/** Requests that violate HTTP. */
const MALFORMED: [chunks: string[], ending: Ending][] = [
  [['nonsense\r\n\r\n'], 'wait'],
  [['GET / HTTP/9.9\r\n\r\n'], 'wait'],
  [['GET /\u0000 HTTP/1.1\r\nHost: kura\r\n\r\n'], 'wait'],
  [[`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`], 'wait'],
  [[`GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`], 'wait'],
  [[`GET / HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(3000)}\r\n`], 'wait'],
  [[`GET / HTTP/1.1\r\n${host}no colon\r\n\r\n`], 'wait'],
  [[`GET / HTTP/1.1\r\n\r\n`], 'wait'],
  [
    [
      `POST /api/auth/login HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    'wait',
  ],
  [[`POST /api/auth/login HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`], 'wait'],
  [[`POST /api/auth/login HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`], 'wait'],
  [
    [`POST /api/auth/login HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`],
    'wait',
  ],
  [
    [
      `POST /api/auth/login HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"login":`,
    ],
    'end',
  ],
  [[`GET http://elsewhere.example/api HTTP/1.1\r\n${host}\r\n`], 'end'],
  [[`GET //evil/%2e%2e/%ff HTTP/1.1\r\n${host}\r\n`], 'end'],
  [[`GET /api/assets/%E0%A4%A HTTP/1.1\r\n${host}\r\n`], 'end'],
  [
    [
      `GET /docs HTTP/1.1\r\n${host}If-Match: "x"\r\n\r\n`,
      `GET /docs HTTP/1.1\r\n${host}Range: bytes=9999999-\r\n\r\n`,
    ],
    'end',
  ],
  [[`CONNECT kura:80 HTTP/1.1\r\n${host}\r\n`], 'wait'],
  [[`OPTIONS * HTTP/1.1\r\n${host}\r\n`], 'end'],
  [[`TRACE / HTTP/1.1\r\n${host}\r\n`], 'end'],
  [[`GET /healthz HTTP/1.1\r\n${host}\r\n`.repeat(500)], 'end'],
  [[`GET /api/assets HTTP/1.1\r\n${host}Authorization: ${'a'.repeat(15_000)}\r\n\r\n`], 'end'],
  [[`GET /api/assets HTTP/1.1\r\n${host}Authorization: Bearer${' '.repeat(15_000)}x\r\n\r\n`], 'end'],
]

/** Sends requests that violate HTTP, and closes some connections in the middle. */
export async function attackHttp(target: Target, count: number): Promise<void> {
  const all = Array.from({ length: Math.ceil(count / MALFORMED.length) }, () => MALFORMED).flat()
  await each(all, 8, async ([chunks, ending]) => {
    const answer = await exchange(target.port, { chunks, ending, waitMs: 1500 })
    target.answered(statusOf(answer), () => String(chunks[0]).slice(0, 100))
  })
}

/** Opens slow connections: headers, JSON bodies and uploads in single bytes, and answers that are never read. */
export async function attackSlowly(target: Target, connections: number, holdMs: number): Promise<void> {
  const { token } = await target.account()
  const json = 'Content-Type: application/json\r\nContent-Length: 90\r\n'
  const upload = `Authorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000000\r\n`
  const part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
  const heads = [
    'GET /healthz HTTP/1.1\r\nHost: ku',
    `POST /api/auth/login HTTP/1.1\r\n${host}${json}\r\n{"login":`,
    `POST /api/assets HTTP/1.1\r\n${host}${upload}\r\n${part}`,
    `GET ${target.publicPaths[0]} HTTP/1.1\r\n${host}\r\n`,
  ]
  const drips = Array.from({ length: Math.ceil(holdMs / 250) }, () => 'a')
  const cases = Array.from({ length: connections }, (_, index) => String(heads[index % heads.length]))
  await each(cases, connections, async (head) => {
    await exchange(target.port, { chunks: [head, ...drips], pauseMs: 250, ending: 'reset' })
  })
}
