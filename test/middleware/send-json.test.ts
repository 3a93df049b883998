import { once } from 'node:events'
import { createServer, get as httpGet, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import express from 'express'
import { sendJson } from '../../middleware/send-json.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { listen } from '../support/app/http.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const decoders: Record<string, (bytes: Buffer) => Buffer> = { br: brotliDecompressSync, gzip: gunzipSync }

describe('JSON answers', () => {
  let app: TestApp
  let ada: TestUser
  let id: string
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada', { email: 'ada@example.org' })
    for (let n = 0; n < 9; n += 1) {
      const { body } = await ada
        .post('/api/assets')
        .field('visibility', 'public')
        .field('description', 'A chair of oak. '.repeat(100))
        .attach('files', Buffer.from('{"a":"'.padEnd(5000, 'a')), 'a.json')
        .expect(201)
      id = body.res.asset.id
    }
  })
  after(() => app.stop())

  /** Sends a GET without changing its headers, and returns the answer with the bytes of its body. */
  async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const request = httpGet(app.origin + path, {
      method,
      headers: { Authorization: `Bearer ${ada.token}`, ...headers },
    })
    const [res] = (await once(request, 'response')) as [IncomingMessage]
    return { status: res.statusCode, headers: res.headers, bytes: await buffer(res) }
  }

  it('any JSON answer – success, error, or refused before Express → ends with a newline', async () => {
    for (const path of [
      '/api/assets',
      '/healthz',
      '/readyz',
      '/api',
      '/openapi.json',
      '/nowhere',
      '/api/users/me',
    ])
      for (const headers of [{}, { Authorization: 'Bearer null' }]) {
        const { bytes, headers: got } = await get(path, headers)
        expect(bytes.toString(), path).to.match(/^\{.*\}\n$/s)
        expect(Number(got['content-length'])).to.equal(bytes.length)
        expect(got['content-type']).to.equal('application/json; charset=utf-8')
      }
    const socket = await rawConnection(app.origin)
    socket.write('hello\r\n\r\n')
    expect((await buffer(socket)).toString()).to.match(/\}\n$/)
  })

  const CASES: [accepted: string | undefined, coding: string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['deflate', undefined],
    ['gzip;q=0', undefined],
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['br;q=1, gzip;q=0.5', 'br'],
    ['gzip;q=0.1, *;q=0', 'gzip'],
    ['identity;q=0.1, gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['*', 'br'],
    ['x'.repeat(8000), undefined],
    [', ;q=,,;'.repeat(1000), undefined],
  ]
  it('GET – JSON of 1 kB and more → compressed by Accept-Encoding, with Vary and the length', async () => {
    for (const path of ['/api/assets', `/api/assets/${id}`, '/collections', '/openapi.json']) {
      const plain = await get(path)
      for (const [accepted, coding] of CASES) {
        const headers = accepted === undefined ? {} : { 'Accept-Encoding': accepted }
        const answer = await get(path, headers)
        const context = `${path} ${accepted?.slice(0, 50)}`
        expect(answer.status, context).to.equal(200)
        expect(answer.headers['content-encoding'], context).to.equal(coding)
        expect(answer.headers.vary, context).to.match(/\bAccept-Encoding\b/)
        expect(answer.headers.etag, context).to.equal(plain.headers.etag)
        const decoded = coding ? decoders[coding]?.(answer.bytes) : answer.bytes
        // the URLs of collections have an expiry time
        if (path === '/collections') expect(JSON.parse(String(decoded)).collections).to.have.length(9)
        else expect(decoded?.equals(plain.bytes), context).to.equal(true)
        if (coding) expect(answer.bytes.length).to.be.lessThan(plain.bytes.length * 0.7)
        if (path !== '/collections')
          expect(Number(answer.headers['content-length'])).to.equal(answer.bytes.length)
      }
    }
  })

  it('GET and HEAD – short JSON, tokens, bytes of files → never compressed; HEAD of long JSON → no body', async () => {
    const all = { 'Accept-Encoding': 'gzip, br' }
    const asset = (await get(`/api/assets/${id}`)).bytes.toString()
    const { url } = JSON.parse(asset).res.asset.files[0]
    for (const path of [
      '/api/space',
      '/healthz',
      url,
      `/api/assets/${id}/download`,
      '/api/auth/sessions?x=1',
    ]) {
      const { headers } = await get(path, all)
      expect(headers, path).to.not.have.property('content-encoding')
    }
    const head = await get(`/api/assets/${id}`, all, 'HEAD')
    expect([head.status, head.bytes.length]).to.deep.equal([200, 0])
    expect(head.headers['content-encoding']).to.equal('gzip')
  })

  it('/api/auth and sign-ins of earlier services – long answer → not compressed', async () => {
    for (let n = 0; n < 10; n += 1)
      await app.api
        .post('/api/auth/login')
        .set('User-Agent', 'x'.repeat(200))
        .send({ login: 'ada', password: 'correct horse battery' })
        .expect(200)
    const { headers, bytes } = await get('/api/auth/sessions', { 'Accept-Encoding': 'gzip' })
    expect(bytes.length).to.be.greaterThan(2000)
    expect(headers).to.not.have.property('content-encoding')
    const { body } = await app.api
      .patch('/api/users/me')
      .set('Authorization', `Bearer ${ada.token}`)
      .send({ settings: { text: 'x'.repeat(2000) } })
      .expect(200)
    expect(body.res.user.settings.text).to.have.length(2000)
    const answers = await Promise.all([
      app.api.post('/api/auth/login').send({ login: 'ada', password: 'correct horse battery' }),
      app.api.post('/api/login/').set('Authorization', `Bearer ${ada.token}`).send({}),
    ])
    for (const answer of answers) {
      expect(answer.status).to.equal(200)
      expect(Number(answer.headers['content-length'])).to.be.greaterThan(2000)
      expect(answer.headers).to.not.have.property('content-encoding')
    }
  })

  it('GET – 100 compressed answers at once, some connections closed → all others complete', async () => {
    const lists = Array.from({ length: 100 }, async (_, n) => {
      if (n % 5 === 0) {
        const socket = await rawConnection(app.origin)
        socket.write('GET /api/assets HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n')
        socket.destroy()
        return
      }
      const { headers, bytes } = await get('/api/assets', { 'Accept-Encoding': 'br' })
      const decoded = headers['content-encoding'] === 'br' ? brotliDecompressSync(bytes) : bytes
      expect(JSON.parse(decoded.toString()).res.assets).to.have.length(9)
    })
    await Promise.all(lists)
  })

  it('handler that fails after its answer – answer is being compressed → one answer, no uncaught error', async () => {
    const long = JSON.stringify({ text: 'x'.repeat(100_000) })
    const server = createServer(
      express().get('/', (_req, res) => {
        sendJson(res, long)
        sendJson(res, '{"failed":true}', 500)
      }),
    )
    try {
      const origin = await listen(server)
      for (const coding of ['gzip', 'br']) {
        const answer = await fetch(origin, { headers: { 'Accept-Encoding': coding } })
        expect([answer.status, await answer.text()]).to.deep.equal([500, '{"failed":true}\n'])
      }
    } finally {
      server.close()
    }
  })

  it('PATCH with If-Match, GET with If-None-Match – ETag weakened or marked by a proxy → compared as before', async () => {
    const etag = String((await get(`/api/assets/${id}`)).headers.etag)
    const marked = (suffix: string) => `${etag.slice(0, -1)}${suffix}"`
    for (const tag of [
      etag,
      `W/${etag}`,
      marked('-gzip'),
      marked('-br'),
      `W/${marked('-gzip')}`,
      `"x", W/${etag}`,
    ]) {
      const { status } = await get(`/api/assets/${id}`, { 'If-None-Match': tag })
      expect(status, tag).to.equal(304)
      const patch = await ada.patch(`/api/assets/${id}`).set('If-Match', tag).send({})
      expect(patch.status, tag).to.equal(200)
    }
    const other = `"${Number.parseInt(etag.slice(1), 10) + 1}-${'a'.repeat(12)}"`
    for (const tag of [other, `W/${other}`, 'W/"x"', 'W/', '"-gzip"']) {
      expect((await get(`/api/assets/${id}`, { 'If-None-Match': tag })).status, tag).to.equal(200)
      await ada.patch(`/api/assets/${id}`).set('If-Match', tag).send({ name: 'x' }).expect(412)
    }
    const file = await get(`/api/assets/${id}/download`)
    const tag = String(file.headers.etag)
    for (const weak of [`W/${tag}`, `${tag.slice(0, -1)}-gzip"`])
      expect((await get(`/api/assets/${id}/download`, { 'If-None-Match': weak })).status).to.equal(304)
  })
})
