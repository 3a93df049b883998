import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { pino } from 'pino'
import { OriginCheck } from '../../app/auth/origin-check.ts'
import { EXPOSED_HEADERS } from '../../config/cors.ts'
import { loadConfig } from '../../config/env.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { documentedRoutes, resolve } from '../support/openapi/document.ts'

const OURS = 'https://app.example.org'
const PATTERNS = `${OURS},https://*.example.com,http://localhost:*`
const OTHER = 'https://elsewhere.example'

/** Response headers that a script can always read (Fetch Standard). */
const SAFELISTED = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
]

/** Creates the check of a configuration. Returns it with the lines that it logs. */
function checkOf(env: Record<string, string>) {
  const lines: { level: number; msg: string; origin?: string; pattern?: string }[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  return { check: new OriginCheck({ config: loadConfig(env), log }), lines }
}

describe('CORS', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { CORS_ORIGINS: PATTERNS, MAX_FILE_BYTES: '1000' } })
  })
  after(() => app.stop())

  it('CORS – allowed origin, any answer → readable with its headers, also errors', async () => {
    const answers: [number, (path: string) => ReturnType<TestApp['api']['get']>, string][] = [
      [200, app.api.get, '/api/assets'],
      [200, app.api.get, '/healthz'],
      [200, app.api.get, '/openapi.json'],
      [400, app.api.get, '/api/assets?x=1'],
      [400, (path) => app.api.post(path).type('json').send('{'), '/api/auth/login'],
      [401, app.api.get, '/api/users/me'],
      [404, app.api.get, '/nowhere'],
      [404, app.api.get, '/api/links/x'],
      [404, app.api.get, '/api/signed/x'],
      [405, app.api.delete, '/api/assets'],
      [
        413,
        (path) =>
          app.api
            .post(path)
            .type('json')
            .send(`"${'x'.repeat(200_000)}"`),
        '/api/auth/login',
      ],
    ]
    for (const origin of [OURS, 'https://a.b.example.com', 'http://localhost:5173'])
      for (const [status, ask, path] of answers) {
        const { headers } = await ask.call(app.api, path).set('Origin', origin).expect(status)
        expect(headers['access-control-allow-origin'], path).to.equal(origin)
        expect(headers['access-control-allow-credentials'], path).to.equal('true')
        expect(headers['access-control-expose-headers'], path).to.equal(EXPOSED_HEADERS.join(','))
        expect(headers.vary, path).to.match(/\bOrigin\b/)
      }
  })

  it('CORS – origin of the service itself → allowed, also of a preflight', async () => {
    for (const [host, own] of [
      [new URL(app.origin).host, app.origin],
      ['kura.example.org', 'https://kura.example.org'],
    ] as const) {
      const sent = { Host: host, Origin: own }
      const { headers } = await app.api.get('/api/assets').set(sent).expect(200)
      expect(headers['access-control-allow-origin']).to.equal(own)
      const preflight = await app.api.options('/api/assets').set(sent).expect(204)
      expect(preflight.headers['access-control-allow-origin']).to.equal(own)
    }
    const foreign = { Host: 'kura.example.org', Origin: OTHER, 'X-Forwarded-Host': 'elsewhere.example' }
    const { headers } = await app.api.get('/api/assets').set(foreign).expect(200)
    expect(headers).to.not.have.property('access-control-allow-origin')
  })

  it('CORS – origin that is not allowed, or none → same answer without CORS headers, Vary: Origin', async () => {
    for (const origin of [
      OTHER,
      'null',
      'https://app.example.org.evil.example',
      'https://example.com',
      'http://a.example.com',
      'https://a.example.com:8443',
      'https://.example.com',
      'https://localhost:5173',
      `https://${'a.'.repeat(4000)}example.com`,
      'https://evil.example/.example.com',
      undefined,
    ]) {
      const request = app.api.get('/api/assets')
      const { headers } = await (origin === undefined ? request : request.set('Origin', origin)).expect(200)
      for (const name of Object.keys(headers)) expect(name, origin).to.not.match(/^access-control/)
      expect(headers.vary, origin).to.match(/\bOrigin\b/)
    }
  })

  it('CORS preflight – every method and request header → allowed for two hours', async () => {
    const wanted =
      'authorization,content-digest,content-type,idempotency-key,if-match,if-none-match,if-range,range,x-link-password,x-request-id'
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { headers } = await app.api
        .options('/api/assets')
        .set({
          Origin: OURS,
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': wanted,
        })
        .expect(204)
      expect(headers['access-control-allow-origin']).to.equal(OURS)
      expect(headers['access-control-allow-credentials']).to.equal('true')
      expect(String(headers['access-control-allow-methods']).split(',')).to.include(method)
      expect(headers['access-control-allow-headers']).to.equal(wanted)
      expect(headers['access-control-max-age']).to.equal('7200')
      expect(headers.vary).to.match(/\bOrigin\b.*\bAccess-Control-Request-Headers\b/)
    }
  })

  it("CORS – request that Node's parser refuses → 400 or 431 with CORS headers", async () => {
    const ask = async (bytes: string) => {
      const socket = await rawConnection(app.origin)
      socket.write(bytes, 'latin1')
      return (await text(socket)).split('\r\n\r\n')[0] ?? ''
    }
    const head = (origin: string) => `GET / HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\n`
    const long = `X: ${'x'.repeat(20_000)}\r\n\r\n`
    const chunked = `POST /api/auth/login HTTP/1.1\r\nHost: a\r\norigin: ${OURS}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n`
    for (const [status, bytes] of [
      [431, head(OURS) + long],
      [400, `${head(OURS)}: b\r\n\r\n`],
      [400, chunked],
    ] as const) {
      const answer = await ask(bytes)
      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `))
      expect(answer)
        .to.contain(`\r\nAccess-Control-Allow-Origin: ${OURS}\r\n`)
        .and.contain('\r\nVary: Origin')
    }
    for (const bytes of [head(OTHER) + long, 'hello\r\n\r\n'])
      expect(await ask(bytes)).to.not.contain('Access-Control')
  })

  it('docs/openapi – every header of an answer → exposed to scripts', () => {
    const exposed = [...SAFELISTED, ...EXPOSED_HEADERS.map((name) => name.toLowerCase())]
    const hidden = ['content-security-policy', 'sec-websocket-version', 'x-content-type-options']
    const documented = documentedRoutes.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap((response) =>
        Object.keys(resolve<{ headers?: object }>(response).headers ?? {}),
      ),
    )
    expect(documented).to.include.members(['ETag', 'Retry-After', 'WWW-Authenticate'])
    const missing = documented.filter((name) => ![...exposed, ...hidden].includes(name.toLowerCase()))
    expect([...new Set(missing)]).to.deep.equal([])
  })
})

describe('CORS_ORIGINS', () => {
  it('* – any origin, or none → allowed without credentials', async () => {
    const app = await startApp({ env: { CORS_ORIGINS: '*' } })
    try {
      for (const origin of [OTHER, 'null']) {
        const { headers } = await app.api.get('/api/users/me').set('Origin', origin).expect(401)
        expect(headers['access-control-allow-origin']).to.equal('*')
        expect(headers['access-control-expose-headers']).to.contain('WWW-Authenticate')
        expect(headers).to.not.have.property('access-control-allow-credentials')
      }
    } finally {
      await app.stop()
    }
  })

  it('not set – development → pages of this machine on any port; production → none', () => {
    const production = {
      NODE_ENV: 'production',
      MONGODB_URI: 'mongodb://db/kura',
      JWT_SECRET: 'c'.repeat(40),
    }
    for (const [origin, isAllowed] of [
      ['http://localhost:3000', true],
      ['http://localhost', true],
      ['http://127.0.0.1:8000', true],
      ['https://localhost:3000', false],
      ['http://localhost.evil.example', false],
      ['http://192.168.1.7:3000', false],
    ] as const) {
      expect(checkOf({}).check.allows(origin), origin).to.equal(isAllowed)
      expect(checkOf({ CORS_ORIGINS: OURS }).check.allows(origin), origin).to.equal(false)
      expect(checkOf(production).check.allows(origin), origin).to.equal(false)
    }
  })

  const MATCHES: [pattern: string, origin: string, matches: boolean][] = [
    ['https://*.example.org', 'https://a.example.org', true],
    ['https://*.example.org', 'https://a.b.example.org', true],
    ['https://*.example.org', 'https://example.org', false],
    ['https://*.example.org', 'https://a.example.org:8443', false],
    ['https://*.example.org:*', 'https://a.example.org:8443', true],
    ['https://*.example.org:*', 'https://a.example.org', true],
    ['https://*.example.org', 'https://aexample.org', false],
    ['https://*.example.org', 'https://a..example.org', false],
    ['https://*.a.*.example.org', 'https://x.a.a.y.example.org', true],
    ['https://*.a.*.example.org', 'https://a.a.example.org', false],
    ['https://*.a.*.example.org', 'https://x.a.a.example.org', true],
    ['http://192.168.*:*', 'http://192.168.1.7:3000', true],
    ['http://[::1]:*', 'http://[::1]:3000', true],
    ['capacitor://localhost', 'capacitor://localhost', true],
    ['chrome-extension://abcdefgh', 'chrome-extension://abcdefgh', true],
    [OURS, 'https://APP.example.org', false],
  ]
  it('pattern – origins of one or more labels and any port → matched, others not', () => {
    for (const [pattern, origin, matches] of MATCHES)
      expect(checkOf({ CORS_ORIGINS: pattern }).check.allows(origin), `${pattern} ${origin}`).to.equal(
        matches,
      )
  })

  it('pattern – 100 times * against a long origin → decided within milliseconds', () => {
    const { check } = checkOf({ CORS_ORIGINS: `https://${'*.a.'.repeat(70)}b` })
    for (let n = 0; n < 1000; n += 1) check.allows(`https://${'a.'.repeat(140)}c`)
  })

  const WARNINGS: [pattern: string, reason: RegExp | null][] = [
    ['https://*example.org', /whole labels/],
    ['https://app-*.example.org', /whole labels/],
    ['https://example.org:443', /as https:\/\/example\.org\./],
    ['http://example.org:80', /as http:\/\/example\.org\./],
    ['https://*.example.org:443', /port/],
    ['https://Example.org', /as https:\/\/example\.org\./],
    ['HTTPS://example.org', /as https:\/\/example\.org\./],
    ['https://*.Example.org', /lower case/],
    ['https://müller.example', /as https:\/\/xn--mller-kva\.example\./],
    ['http://127.1:*', /as http:\/\/127\.0\.0\.1:\*\./],
    ['https://example.org:99999', /port|lower case/],
    ['wss://example.org', /http: or https:/],
    ['file://example.org', /http: or https:/],
    ...MATCHES.map(([pattern]): [string, null] => [pattern, null]),
    ['http://localhost:*', null],
    ['https://*', null],
    ['https://*.org', null],
    ['http://*.168.1.1', null],
  ]
  it('pattern – no browser can match it → warning at start with the reason, others not', () => {
    for (const [pattern, reason] of WARNINGS) {
      const { check, lines } = checkOf({ CORS_ORIGINS: pattern })
      check.warnOfPatterns()
      expect(lines.length, pattern).to.equal(reason ? 1 : 0)
      if (reason) expect(lines[0]).to.include({ level: 40, pattern })
      if (reason) expect(lines[0]?.msg).to.contain('CORS_ORIGINS').and.match(reason)
    }
  })

  it('origin – refused → logged once at debug level with the name of the variable, 100 origins at most', () => {
    const { check, lines } = checkOf({ CORS_ORIGINS: OURS })
    for (let n = 0; n < 3; n += 1) check.allows(OTHER)
    check.allows('http://localhost:8080', ['http://localhost:8080'])
    check.allows(OURS)
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include({ level: 20, origin: OTHER })
    expect(lines[0]?.msg).to.contain('CORS_ORIGINS')
    for (let n = 0; n < 1000; n += 1) check.allows(`https://${n}.evil.example${'x'.repeat(1000)}`)
    expect(lines).to.have.length(100)
  })
})
