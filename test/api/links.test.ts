import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'

const HOUR = 3_600_000

describe('share links', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  const make = async (options: object = {}) => {
    const { body } = await ada.post(`/api/assets/${asset.id}/links`).send(options).expect(201)
    return body.res.link as {
      id: string
      url: string
      token: string
      downloads: number
      expiresAt: string | null
    }
  }
  const stored = (id: string) => Link.findById(id).orFail().lean()

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada, {}, { 'a.png': await png(), 'b.obj': obj() })
  })
  after(() => app.stop())

  it('GET /api/links/:token – no account → asset, files and images, nothing about the owner', async () => {
    const link = await make()
    const { body } = await app.api.get(link.url).expect(200)
    const shared = body.res.asset
    expect(shared).to.include({ id: asset.id, access: 'read', owner: null })
    for (const { url } of shared.files) {
      expect(url).to.match(new RegExp(`^/api/links/${link.token}/files/`))
      await app.api.get(url).expect(200).expect('Cache-Control', 'private, no-cache')
    }
    await app.api.get(shared.thumbnail).expect(200)
    await app.api.get(`${link.url}/download`).expect(200).expect('Content-Type', 'application/zip')
    expect(JSON.stringify(body)).not.to.contain('"ada"')
    expect(await stored(link.id)).to.include({ downloads: 3 })
    await app.api.get(`/api/assets/${asset.id}`).expect(404)
  })

  it('GET /api/assets/:id/links – several links → newest first in pages, without revoked ones', async () => {
    const made: string[] = []
    for (let count = 0; count < 5; count++) made.unshift((await make()).id)
    await ada.delete(`/api/assets/${asset.id}/links/${made[1]}`).expect(204)
    const read = async (query: object) => {
      const { body } = await ada.get(`/api/assets/${asset.id}/links`).query(query).expect(200)
      return body.res as { links: { id: string }[]; next: string | null }
    }
    const first = await read({ limit: 3 })
    const second = await read({ limit: 3, cursor: first.next })
    const ids = [...first.links, ...second.links].map(({ id }) => id)
    expect(ids).to.deep.equal(made.filter((_, index) => index !== 1))
    expect(second.next).to.equal(null)
    const other = await uploadAsset(ada, {}, { 'c.obj': obj() })
    const { body } = await ada.get(`/api/assets/${other.id}/links`).query({ cursor: first.next }).expect(400)
    expect(body.err.details[0].field).to.equal('cursor')
  })

  it('POST and GET links – any answer → Cache-Control: no-store', async () => {
    const url = `/api/assets/${asset.id}/links`
    await ada.post(url).send({}).expect(201).expect('Cache-Control', 'no-store')
    await ada.get(url).expect(200).expect('Cache-Control', 'no-store')
  })

  it('GET /api/links/:token – Authorization header, valid or not → ignored', async () => {
    const link = await make({ maxDownloads: 1 })
    const { body: own } = await ada.get(link.url).expect(200)
    expect(own.res.asset).to.include({ access: 'read', owner: null })
    for (const header of ['Bearer no', 'Bearer null', 'Basic YTpi'])
      await app.api.get(link.url).set('Authorization', header).expect(200)
    await app.api.get(`${link.url}/download`).set('Authorization', 'Bearer no').expect(200)
    expect(await stored(link.id)).to.include({ downloads: 1 })
  })

  it('GET /api/assets/:id/links – stored link → no token in document or list', async () => {
    const link = await make({ maxDownloads: 5, password: 'open sesame' })
    const kept = JSON.stringify(await stored(link.id))
    expect(kept).not.to.contain(link.token).and.not.to.contain('open sesame')
    const { body } = await ada.get(`/api/assets/${asset.id}/links`).expect(200)
    expect(body.res.links).to.have.length(1)
    expect(body.res.links[0]).to.include({
      id: link.id,
      maxDownloads: 5,
      downloads: 0,
      hasPassword: true,
      expiresAt: null,
    })
    expect(JSON.stringify(body)).not.to.contain(link.token)
  })

  it('GET /api/links/:token – link with a password → 401 without it, limited tries', async () => {
    const link = await make({ password: 'open sesame' })
    const missing = await app.api.get(link.url).expect(401)
    expect(missing.body.err.code).to.equal('password_required')
    await app.api.get(link.url).set('X-Link-Password', 'open sesame').expect(200)
    for (let n = 0; n < 10; n += 1)
      await app.api.get(link.url).set('X-Link-Password', `wrong ${n}`).expect(401)
    const { headers } = await app.api.get(link.url).set('X-Link-Password', 'open sesame').expect(429)
    expect(Number(headers['retry-after'])).to.be.within(1, 900)
  })

  it('GET /api/links/:token – expired, used up or revoked → 410', async () => {
    const timed = await make({ expiresAt: new Date(app.clock.now().getTime() + HOUR).toISOString() })
    const revoked = await make()
    const spent = await make({ maxDownloads: 1 })
    await app.api.get(timed.url).expect(200)
    app.clock.advance(HOUR + 1)
    await ada.delete(`/api/assets/${asset.id}/links/${revoked.id}`).expect(204)
    await app.api.get(`${spent.url}/download`).expect(200)
    for (const { url } of [timed, revoked, spent])
      for (const path of [url, `${url}/download`, `${url}/files/${asset.files[0]?.id}`]) {
        const { body } = await app.api.get(path).expect(410)
        expect(body.err.code).to.equal('link_expired')
      }
    const { body } = await app.api.get('/api/links/nothing-of-the-kind').expect(404)
    expect(body.err.code).to.equal('not_found')
  })

  it('GET /api/links/:token/files/:fileId – 100 at once over two processes → exactly maxDownloads succeed', async () => {
    const link = await make({ maxDownloads: 10 })
    const other = await app.secondInstance()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 ? other : app.api)
          .get(`${link.url}/files/${asset.files[1]?.id}`)
          .set(n % 3 ? {} : { Range: 'bytes=0-2' }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200 || status === 206)).to.have.length(10)
    expect(statuses.filter((status) => status === 410)).to.have.length(90)
    expect(await stored(link.id)).to.include({ downloads: 10 })
  })

  it('GET /api/links/:token/… – images, HEAD, 304 and failures → no download counted', async () => {
    const link = await make({ maxDownloads: 1 })
    const file = `${link.url}/files/${asset.files[1]?.id}`
    await app.api.head(file).expect(200)
    await app.api.get(file).set('If-None-Match', `"${asset.files[1]?.sha256}"`).expect(304)
    await app.api.get(file).set('Range', 'bytes=99999999-').expect(416)
    const { body } = await app.api.get(link.url).expect(200)
    await app.api.get(body.res.asset.thumbnail).expect(200)
    expect(await stored(link.id)).to.include({ downloads: 0 })
    await app.api.get(file).expect(200)
    await app.api.get(file).expect(410)
    expect((await Asset.findById(asset.id).orFail().lean()).downloads).to.equal(1)
  })

  it('GET /api/links/:token – owner disabled or asset deleted → 404', async () => {
    const link = await make()
    await User.updateOne({ _id: ada.user._id }, { disabled: true })
    await app.api.get(link.url).expect(404)
    await User.updateOne({ _id: ada.user._id }, { disabled: false })
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
    await app.api.get(link.url).expect(404)
    expect(await Link.countDocuments({ asset: asset.id })).to.equal(0)
  })

  it('POST /api/assets/:id/links – expiresAt is a bare day → the link opens until that day has ended', async () => {
    const { id, expiresAt } = await make({ expiresAt: '2999-06-30' })
    expect(expiresAt).to.equal('2999-07-01T00:00:00.000Z')
    expect((await Link.findById(id).orFail()).expiresAt?.toISOString()).to.equal(expiresAt)
  })

  const REFUSED: [name: string, body: object, field: string][] = [
    ['an end in the past', { expiresAt: '2001-01-01' }, 'expiresAt'],
    ['an ordinal date', { expiresAt: '2999-334' }, 'expiresAt'],
    ['a time without a zone', { expiresAt: '2999-01-01T00:00:00' }, 'expiresAt'],
    [
      'an end in the past and no downloads',
      { expiresAt: '2001-01-01', maxDownloads: 0 },
      'expiresAt maxDownloads',
    ],
    ['no downloads', { maxDownloads: 0 }, 'maxDownloads'],
    ['half a download', { maxDownloads: 1.5 }, 'maxDownloads'],
    ['a number as text', { maxDownloads: '3' }, 'maxDownloads'],
    ['a long password', { password: 'x'.repeat(73) }, 'password'],
    ['a token of its own', { token: 'x' }, 'token'],
  ]
  for (const [name, options, field] of REFUSED)
    it(`POST /api/assets/:id/links – ${name} → refused, no link`, async () => {
      const before = await Link.countDocuments()
      const { body } = await ada.post(`/api/assets/${asset.id}/links`).send(options).expect(400)
      expect(body.err.details.map((detail: { field: string }) => detail.field).join(' ')).to.equal(field)
      expect(await Link.countDocuments()).to.equal(before)
    })
})
