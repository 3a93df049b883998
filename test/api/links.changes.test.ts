import { expect } from 'chai'
import { Event } from '../../models/event.ts'
import { Link } from '../../models/link.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

const HOUR = 3_600_000

interface LinkAnswer {
  id: string
  url: string
  token: string
  label: string | null
  expiresAt: string | null
  maxDownloads: number | null
  hasPassword: boolean
}

describe('changes and lists of links', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  const links = (of = asset) => `/api/assets/${of.id}/links`
  const make = async (options: object = {}, of = asset) => {
    const { body } = await ada.post(links(of)).send(options).expect(201)
    return body.res.link as LinkAnswer
  }
  const patch = ({ id }: LinkAnswer, change: object) => ada.patch(`${links()}/${id}`).send(change)
  const stored = ({ id }: LinkAnswer) => Link.findById(id).orFail().lean()
  const updates = ({ id }: LinkAnswer) =>
    Event.find({ action: 'link.updated', 'target.id': id }).sort({ _id: 1 }).lean()
  const inOneHour = () => new Date(app.clock.now().getTime() + HOUR).toISOString()

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, {}, { 'a.obj': obj() })
  })
  after(() => app.stop())

  it('PATCH /api/assets/:id/links/:linkId – some fields → only these change; null clears', async () => {
    const expiresAt = inOneHour()
    const link = await make({
      expiresAt,
      maxDownloads: 3,
      password: 'open sesame',
      label: ' For the  printer ',
    })
    expect(link).to.include({ label: 'For the  printer', hasPassword: true })
    const { body } = await patch(link, { maxDownloads: 4, label: 'Zo\u0065\u0301' }).expect(200)
    const { token: _token, ...rest } = link
    expect(body.res.link).to.deep.equal({ ...rest, url: null, maxDownloads: 4, label: 'Zoé' })
    const cleared = { expiresAt: null, maxDownloads: null, password: null, label: null }
    const { body: open } = await patch(link, cleared).expect(200)
    expect(open.res.link).to.include({ expiresAt: null, maxDownloads: null, hasPassword: false, label: null })
    expect(await stored(link)).to.include({
      expiresAt: null,
      maxDownloads: null,
      passwordHash: null,
      label: null,
    })
    await app.api.get(link.url).expect(200)
    const recorded = await updates(link)
    expect(recorded.map(({ details }) => details)).to.deep.equal([
      { asset: asset.id, expiresAt, maxDownloads: 4, hasPassword: true, changed: 'maxDownloads label' },
      {
        asset: asset.id,
        expiresAt: null,
        maxDownloads: null,
        hasPassword: false,
        changed: 'expiresAt maxDownloads label password',
      },
    ])
  })

  it('PATCH /api/assets/:id/links/:linkId – nothing new → 200, no activity', async () => {
    const expiresAt = inOneHour()
    const link = await make({ expiresAt, maxDownloads: 3, label: 'x' })
    for (const same of [{}, { expiresAt, maxDownloads: 3, label: 'x' }, { password: null }]) {
      const { body } = await patch(link, same).expect(200)
      expect(body.res.link).to.include({ expiresAt, maxDownloads: 3, label: 'x', hasPassword: false })
    }
    expect(await updates(link)).to.have.length(0)
    await patch(link, { expiresAt: new Date(Date.parse(expiresAt) + 1).toISOString() }).expect(200)
    expect(await updates(link)).to.have.length(1)
  })

  it('PATCH /api/assets/:id/links/:linkId – used up or expired, then raised → open again; revoked → 404', async () => {
    const [spent, timed, revoked] = [
      await make({ maxDownloads: 1 }),
      await make({ expiresAt: inOneHour() }),
      await make(),
    ]
    await app.api.get(`${spent.url}/download`).expect(200)
    app.clock.advance(HOUR)
    await ada.delete(`${links()}/${revoked.id}`).expect(204)
    for (const { url } of [spent, timed, revoked]) await app.api.get(url).expect(410)
    await patch(spent, { maxDownloads: 1, label: 'x' }).expect(200)
    await app.api.get(spent.url).expect(410)
    await patch(spent, { maxDownloads: 2 }).expect(200)
    await patch(timed, { expiresAt: inOneHour() }).expect(200)
    await patch(revoked, { expiresAt: inOneHour() }).expect(404)
    for (const { url } of [spent, timed]) await app.api.get(`${url}/download`).expect(200)
    await app.api.get(spent.url).expect(410)
    await app.api.get(revoked.url).expect(410)
    await patch(timed, { maxDownloads: 1 }).expect(200)
    await app.api.get(timed.url).expect(410)
  })

  it('PATCH /api/assets/:id/links/:linkId – new password → only the new one opens, stored as a hash, in no activity', async () => {
    const link = await make({ password: 'open sesame' })
    await patch(link, { password: 'new s\u0065\u0301same' }).expect(200)
    const open = (password: string) => app.api.get(link.url).set('X-Link-Password', password)
    await open('open sesame').expect(401)
    await open(encodeURIComponent('new sésame')).expect(200)
    expect((await stored(link)).passwordHash).to.match(/^\$2b\$04\$/)
    const recorded = JSON.stringify(await updates(link))
    expect(recorded).to.contain('"changed":"password"')
    expect(recorded).to.not.match(/sésame|\$2b/)
  })

  it('PATCH /api/assets/:id/links/:linkId – other assets, ids and callers → 404, 403 or 401, nothing changes', async () => {
    const link = await make({ label: 'x' })
    const other = await uploadAsset(ada, {}, { 'b.obj': obj() })
    const bob = await signUp(app, 'bob')
    const eve = await signUp(app, 'eve')
    await ada.put(`/api/assets/${asset.id}/collaborators/bob`).send({ access: 'write' }).expect(200)
    await ada
      .patch(`${links(other)}/${link.id}`)
      .send({ label: 'y' })
      .expect(404)
    for (const id of ['x', '64b000000000000000000000', link.token])
      await ada.patch(`${links()}/${id}`).send({ label: 'y' }).expect(404)
    await bob.patch(`${links()}/${link.id}`).send({ label: 'y' }).expect(403)
    await eve.patch(`${links()}/${link.id}`).send({ label: 'y' }).expect(404)
    await app.api.patch(`${links()}/${link.id}`).send({ label: 'y' }).expect(401)
    expect(await stored(link)).to.include({ label: 'x' })
  })

  it('PATCH /api/assets/:id/links/:linkId – invalid fields → 400 with all of them, nothing changes', async () => {
    const link = await make({ label: 'x', maxDownloads: 2 })
    const invalid: [change: object, fields: string][] = [
      [
        { expiresAt: '2001-01-01', maxDownloads: 0, password: '', label: '' },
        'expiresAt label maxDownloads password',
      ],
      [{ label: 'x'.repeat(101) }, 'label'],
      [{ label: '\u200b' }, 'label'],
      [{ label: ['x'] }, 'label'],
      [{ password: 'é'.repeat(37) }, 'password'],
      [{ maxDownloads: 1.5, downloads: 0 }, 'downloads maxDownloads'],
      [{ revokedAt: null }, 'revokedAt'],
    ]
    for (const [change, fields] of invalid) {
      const { body } = await patch(link, change).expect(400)
      const named = body.err.details.map(({ field }: { field: string }) => field)
      expect(named.sort().join(' '), JSON.stringify(change)).to.equal(fields)
    }
    expect(await stored(link)).to.include({ label: 'x', maxDownloads: 2, passwordHash: null })
  })

  it('PATCH /api/assets/:id/links/:linkId – limit raised during 60 downloads over two processes → exactly the limit', async () => {
    const link = await make({ maxDownloads: 5 })
    const other = await app.secondInstance()
    const requests = Array.from({ length: 60 }, async (_, n) => {
      if (n === 20) await patch(link, { maxDownloads: 9 }).expect(200)
      return (n % 2 ? other : app.api).get(`${link.url}/download`)
    })
    const served = (await Promise.all(requests)).filter(({ status }) => status === 200)
    expect((await stored(link)).downloads)
      .to.equal(served.length)
      .and.to.be.within(5, 9)
    while ((await app.api.get(`${link.url}/download`)).status === 200);
    expect((await stored(link)).downloads).to.equal(9)
  })

  it('GET /api/links – several assets → all own links with their assets, newest first, in pages', async () => {
    const carol = await signUp(app, 'carol')
    const list = async (user: TestUser, query: object = {}) => {
      const { body } = await user
        .get('/api/links')
        .query(query)
        .expect(200)
        .expect('Cache-Control', 'no-store')
      return body.res as {
        links: (LinkAnswer & { asset: { id: string; name: string } })[]
        next: string | null
      }
    }
    const chair = await uploadAsset(carol, { name: 'Chair' }, { 'b.obj': obj() })
    const table = await uploadAsset(carol, { name: 'Table' }, { 'c.obj': obj() })
    const made: string[] = []
    for (const { id } of [chair, table, chair, table]) {
      const { body } = await carol
        .post(`/api/assets/${id}/links`)
        .send({ label: 'x', password: 'open sesame' })
        .expect(201)
      made.unshift(body.res.link.id)
    }
    await carol.delete(`/api/assets/${table.id}/links/${made[0]}`).expect(204)
    const first = await list(carol, { limit: 2 })
    const second = await list(carol, { limit: 2, cursor: first.next })
    const all = [...first.links, ...second.links]
    expect(all.map(({ id }) => id)).to.deep.equal(made.slice(1))
    expect(all.map(({ asset: { name } }) => name)).to.deep.equal(['Chair', 'Table', 'Chair'])
    expect(all[0]).to.include({ url: null, label: 'x', hasPassword: true }).and.not.have.property('token')
    expect(JSON.stringify(all)).to.not.contain('$2b')
    expect(second.next).to.equal(null)
    await ada.get('/api/links').query({ limit: 2, cursor: first.next }).expect(400)
    await carol.get('/api/links').query({ limit: 0 }).expect(400)
    await app.api.get('/api/links').expect(401)
    for (const { id } of (await list(ada, { limit: 100 })).links) expect(made).to.not.include(id)
    await carol.delete(`/api/assets/${chair.id}`).expect(204)
    expect((await list(carol)).links.map(({ asset: { id } }) => id)).to.deep.equal([table.id])
  })
})
