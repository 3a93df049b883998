import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'

const MINUTE = 60_000
const SIGNED = /^\/api\/signed\/[\w-]+\.[\w-]+\.[\w-]+$/

/** Returns every `url` and `thumbnail` of an asset. */
const urlsOf = ({ files, images, thumbnail }: AssetAnswer): string[] => [
  ...[...files, ...images].map(({ url }) => url),
  ...(thumbnail ? [thumbnail] : []),
]

const claimsOf = (url: string) =>
  JSON.parse(Buffer.from(String(url.split('.')[1]), 'base64url').toString()) as { exp: number }

describe('answers with signed URLs', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let asset: AssetAnswer
  const read = async (user: Pick<TestUser, 'get'>, query = '?signed=1') => {
    const { body, headers } = await user.get(`/api/assets/${asset.id}${query}`).expect(200)
    return { asset: body.res.asset as AssetAnswer, etag: String(headers.etag) }
  }
  /** Sets the clock to the first second of a half hour. */
  const beginHalfHour = () =>
    app.clock.advance(30 * MINUTE - (app.clock.now().getTime() % (30 * MINUTE)) + 1000)

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    asset = await uploadAsset(ada, {}, { 'a.png': await png(), 'b.obj': obj() })
    const more = ada.post(`/api/assets/${asset.id}/images`).attach('images', await png(), 'c.png')
    await more.expect(201)
  })
  after(() => app.stop())

  it('GET /api/assets/:id?signed=1 – owner → every url and thumbnail opens without a token', async () => {
    const plain = await read(ada, '')
    const { asset: signed } = await read(ada)
    const urls = urlsOf(signed)
    expect(urls).to.have.length(4)
    for (const [index, url] of urls.entries()) {
      expect(url).to.match(SIGNED)
      const { body, headers } = await app.api.get(url).expect(200).buffer(true)
      const usual = await ada
        .get(String(urlsOf(plain.asset)[index]))
        .expect(200)
        .buffer(true)
      expect(headers.etag).to.equal(usual.headers.etag)
      expect(body).to.deep.equal(usual.body)
      const [, maxAge] = /^private, max-age=(\d+)$/.exec(String(headers['cache-control'])) ?? []
      expect(Number(maxAge)).to.be.within(3590, 5400)
    }
    const withoutUrls = (one: AssetAnswer) =>
      JSON.parse(
        JSON.stringify(one, (key, value) => (['url', 'thumbnail', 'downloads'].includes(key) ? null : value)),
      )
    expect(withoutUrls(signed)).to.deep.equal(withoutUrls(plain.asset))
  })

  it('GET /api/assets/:id?signed=1 – within a half hour → same URLs and ETag, 304; later → other ones', async () => {
    beginHalfHour()
    const first = await read(ada)
    app.clock.advance(28 * MINUTE)
    expect(await read(ada)).to.deep.equal(first)
    await ada.get(`/api/assets/${asset.id}?signed=1`).set('If-None-Match', first.etag).expect(304)
    app.clock.advance(2 * MINUTE)
    const later = await read(ada)
    expect(later.etag).to.not.equal(first.etag)
    for (const url of [...urlsOf(first.asset), ...urlsOf(later.asset)]) {
      expect(claimsOf(url).exp % 1800).to.equal(0)
      await app.api.get(url).expect(200)
    }
    app.clock.advance(60 * MINUTE)
    for (const url of urlsOf(first.asset)) await app.api.get(url).expect(404)
    for (const url of urlsOf(later.asset)) await app.api.get(url).expect(200)
  })

  it('GET /api/assets?signed=1 – list → the URLs of the asset; a cursor continues with and without signed', async () => {
    await uploadAsset(ada, {}, { 'd.obj': obj() })
    const list = async (query: object) => {
      const { body } = await ada
        .get('/api/assets')
        .query({ scope: 'mine', limit: 1, ...query })
        .expect(200)
      return body.res as { assets: [AssetAnswer]; next: string }
    }
    const { next } = await list({})
    const { assets } = await list({ signed: 1, cursor: next })
    expect(urlsOf(assets[0])).to.deep.equal(urlsOf((await read(ada)).asset))
    expect(urlsOf((await list({ signed: 0, cursor: next })).assets[0])).to.deep.equal(
      urlsOf((await read(ada, '')).asset),
    )
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    const res = await socket.expect('list', { scope: 'mine', signed: true })
    socket.close()
    for (const one of res.assets as unknown as AssetAnswer[])
      for (const url of urlsOf(one)) expect(url).to.match(SIGNED)
  })

  it('GET /api/assets/:id?signed=1 – other reader → URLs of their own, which end with their right', async () => {
    await ada.put(`/api/assets/${asset.id}/collaborators/bob`).send({ access: 'read' }).expect(200)
    const { asset: ofBob } = await read(bob)
    const { asset: ofAda } = await read(ada)
    expect(urlsOf(ofBob)).to.not.include.members(urlsOf(ofAda))
    await app.api.get(String(ofBob.thumbnail)).expect(200)
    await ada.delete(`/api/assets/${asset.id}/collaborators/bob`).expect(204)
    await app.api.get(String(ofBob.thumbnail)).expect(404)
    await app.api.get(String(ofAda.thumbnail)).expect(200)
  })

  it('GET /api/assets/:id?signed=1 – anonymous → the usual URLs, which need no token; signed by a user too', async () => {
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    const { asset: shown } = await read(app.api)
    expect(urlsOf(shown)).to.deep.equal(urlsOf((await read(app.api, '')).asset))
    for (const url of urlsOf(shown)) await app.api.get(url).expect(200)
    const { body } = await app.api.get('/api/assets?signed=1').expect(200)
    expect(urlsOf(body.res.assets[0])).to.deep.equal(urlsOf(shown))
    for (const url of urlsOf((await read(bob)).asset)) expect(url).to.match(SIGNED)
  })

  it('GET ?signed=1 – other values and routes → 400', async () => {
    const path = `/api/assets/${asset.id}`
    for (const one of [
      `${path}?signed=2`,
      `${path}?signed=1&signed=1`,
      '/api/assets?signed=yes',
      `${path}/download?signed=1`,
    ])
      await ada.get(one).expect(400)
    await ada.patch(`${path}?signed=1`).send({ name: 'x' }).expect(400)
  })
})
