import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import WebSocket, { type ClientOptions } from 'ws'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { signUp } from '../../support/app/users.ts'

const CONFIGURED = 'https://app.example.org'

/** Returns the HTTP answer to a refused handshake. */
async function refusal(origin: string, options: ClientOptions = {}, path = '/ws') {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${path}`, options)
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  const body = await text(answer)
  socket.on('error', () => undefined).terminate()
  return { status: answer.statusCode, headers: answer.headers, body: body && JSON.parse(body) }
}

describe('WebSocket handshake', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({
      env: { CORS_ORIGINS: CONFIGURED, TRUST_PROXY: '1' },
      limits: { anonymousPerAddress: 3, perUser: 2 },
    })
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('GET /ws – configured Origin, that of the service or none → open; other Origin → 403', async () => {
    const forwarded = { 'X-Forwarded-Host': 'kura.example.org', 'X-Forwarded-Proto': 'https' }
    const [own, insecure] = ['https://kura.example.org', 'http://kura.example.org']
    for (const options of [
      {},
      { origin: CONFIGURED },
      { origin: app.origin },
      { origin: own, headers: forwarded },
    ]) {
      const socket = await SocketClient.open(app.origin, options)
      socket.close()
    }
    for (const [origin, sent] of [
      ['https://evil.example', {}],
      [`${CONFIGURED}.evil.example`, {}],
      ['null', {}],
      [own, {}],
      [insecure, forwarded],
      ['https://evil.example', forwarded],
    ] as const) {
      const { status, body, headers } = await refusal(app.origin, { origin, headers: sent })
      expect(status, origin).to.equal(403)
      expect(body.err).to.deep.equal({
        code: 'forbidden',
        message: 'You are not allowed to do this.',
        requestId: headers['x-request-id'],
      })
    }
  })

  it('GET /ws – service not ready → 503', async () => {
    const socket = await SocketClient.open(app.origin)
    app.context.prepared = false
    const { status, body, headers } = await refusal(app.origin)
    const { err } = await socket.ask('list')
    app.context.prepared = true
    expect([status, body.err.code, err?.code]).to.deep.equal([503, 'unavailable', 'unavailable'])
    expect(headers['retry-after']).to.match(/^\d+$/)
  })

  it('GET /ws – too many anonymous connections of one forwarded address → 429', async () => {
    const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
    for (let n = 0; n < 3; n++) await SocketClient.open(app.origin, from('192.0.2.1'))
    const { status, body } = await refusal(app.origin, from('192.0.2.1'))
    expect([status, body.err.code]).to.deep.equal([429, 'too_many_requests'])
    await SocketClient.open(app.origin, from('192.0.2.2'))
  })

  it('GET – another path or another Upgrade → the answer without Upgrade', async () => {
    for (const path of ['/wsx', '/api/ws', '/ws/more'])
      expect((await refusal(app.origin, {}, path)).status, path).to.equal(404)
    await SocketClient.open(`${app.origin}/ws/..`)
    const ada = { username: 'ada-h2c' }
    const { status, body } = await postWithH2c(app.origin, JSON.stringify(ada))
    expect(status).to.equal(201)
    expect(body.res.user.username).to.equal('ada-h2c')
  })

  it('auth – too many connections of the user → too_many_requests; one closes → signed in', async () => {
    const ada = await signUp(app, 'ada')
    const [first] = [
      await SocketClient.signedIn(app.origin, ada.token),
      await SocketClient.signedIn(app.origin, ada.token),
    ]
    const third = await SocketClient.open(app.origin)
    expect((await third.ask('auth', { token: ada.token })).err?.code).to.equal('too_many_requests')
    expect((await third.ask('space')).err?.code).to.equal('unauthenticated')
    first?.close()
    await first?.closed
    await third.expect('auth', { token: ada.token })
  })
})

describe('WebSocket without a sign-in', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ limits: { signInMs: 400 } })
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('GET /ws – no sign-in in time → closed with 4401', async () => {
    const begun = Date.now()
    const socket = await SocketClient.open(app.origin)
    expect((await socket.closed).code).to.equal(4401)
    expect(Date.now() - begun).to.be.at.least(300)
  })
})

/** Sends a POST with `Upgrade: h2c`, as HTTP clients do that prefer HTTP/2, and returns the answer. */
async function postWithH2c(origin: string, body: string) {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.write(
    [
      'POST /api/auth/register HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body.slice(0, 5),
    ].join('\r\n'),
  )
  await once(socket, 'connect')
  socket.write(body.slice(5))
  const [head = '', content = ''] = (await text(socket)).split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), body: JSON.parse(content) }
}
