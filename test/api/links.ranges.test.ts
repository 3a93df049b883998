import { expect } from 'chai'
import { sweep } from '../../app/maintenance/sweep.ts'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

const MINUTE = 60_000
const REST = 'bytes=5-'

describe('ranges by a link', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  const make = async (options: object = {}) => {
    const { body } = await ada.post(`/api/assets/${asset.id}/links`).send(options).expect(201)
    const { id, url } = body.res.link as { id: string; url: string }
    return { id, url, file: `${url}/download` }
  }
  const get = (path: string, range?: string, address = '192.0.2.1', api = app.api) =>
    api
      .get(path)
      .set('X-Forwarded-For', address)
      .set(range ? { Range: range } : {})
  const stored = (id: string) => Link.findById(id).select('+uses +usesEndAt').orFail().lean()
  const downloads = async (id: string) => (await stored(id)).downloads

  before(async () => {
    app = await startApp({ env: { TRUST_PROXY: '1' } })
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, {}, { 'a.obj': obj() })
  })
  after(() => app.stop())

  it('GET /api/links/:token/download – rest of a file after the only download → 206, nothing counted', async () => {
    const { id, url, file } = await make({ maxDownloads: 1 })
    const before = (await Asset.findById(asset.id).orFail()).downloads
    const whole = await get(file).expect(200)
    const { lastUsedAt } = await stored(id)
    const rest = await get(file, REST).expect(206)
    expect(rest.headers['content-range']).to.match(/^bytes 5-/)
    await get(file, 'bytes=-3').expect(206)
    await get(`${url}/files/${asset.files[0]?.id}`, REST)
      .set('If-Range', String(whole.headers.etag))
      .expect(206)
    expect(await downloads(id)).to.equal(1)
    expect((await stored(id)).lastUsedAt).to.deep.equal(lastUsedAt)
    expect((await Asset.findById(asset.id).orFail()).downloads).to.equal(before + 1)
    // what begins at the first byte, and other addresses
    for (const range of [undefined, 'bytes=0-', 'bytes=0-3', 'bytes=-999999', 'bytes=5-6,7-8', 'items=5-'])
      await get(file, range).expect(410)
    await get(file, REST).set('If-Range', '"another"').expect(410)
    const { body } = await ada.get(`/api/assets/${asset.id}`).expect(200)
    for (const path of [url, `${url}/images/${String(body.res.asset.thumbnail).split('/').at(-1)}`])
      for (const range of [undefined, REST]) await get(path, range).expect(410)
    await app.api.head(file).set('X-Forwarded-For', '192.0.2.1').set('Range', REST).expect(410)
    await get(file, REST, '192.0.2.2').expect(410)
    await get(file, REST, '2001:db8::1').expect(410)
    expect(await downloads(id)).to.equal(1)
  })

  it('GET /api/links/:token/download – rest of a zip after the only download → 206, nothing counted', async () => {
    const several = await uploadAsset(ada, {}, { 'a.obj': obj(), 'b.obj': obj() })
    const { body } = await ada.post(`/api/assets/${several.id}/links`).send({ maxDownloads: 1 }).expect(201)
    const { id, url } = body.res.link
    const read = async (range?: string) => {
      const headers = { 'X-Forwarded-For': '192.0.2.1', ...(range ? { Range: range } : {}) }
      const answer = await fetch(`${app.origin}${url}/download`, { headers })
      return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) }
    }
    const whole = await read()
    const rest = await read(REST)
    expect([whole.status, rest.status]).to.deep.equal([200, 206])
    expect(rest.bytes.equals(whole.bytes.subarray(5))).to.equal(true)
    // the download of the zip is no download of its files
    for (const { url: file } of several.files)
      await get(`${url}/files/${file.split('/').at(-1)}`, REST).expect(410)
    await get(`${url}/download`, 'bytes=0-').expect(410)
    expect(await downloads(id)).to.equal(1)
    expect((await Asset.findById(several.id).orFail()).downloads).to.equal(1)
  })

  it('GET /api/links/:token/files/:fileId – rests of several files → each file uses one', async () => {
    const several = await uploadAsset(
      ada,
      {},
      { 'a.obj': obj(), 'b.obj': Buffer.concat([obj(), obj()]), 'c.obj': Buffer.from('# c.obj') },
    )
    const { body } = await ada.post(`/api/assets/${several.id}/links`).send({ maxDownloads: 2 }).expect(201)
    const { id, url } = body.res.link
    const [a, b, c] = several.files.map((file) => `${url}/files/${file.id}`) as [string, string, string]
    await get(a).expect(200)
    for (const path of [a, b, b, a]) await get(path, REST).expect(206)
    expect(await downloads(id)).to.equal(2)
    await get(c, REST).expect(410)
    await get(`${url}/download`, REST).expect(410)
    await get(a, REST).expect(206)
    expect(await downloads(id)).to.equal(2)
  })

  it('GET /api/links/:token/download – file replaced after the only download → its rest is 410', async () => {
    const changed = await uploadAsset(ada, {}, { 'a.obj': obj() })
    const { body } = await ada.post(`/api/assets/${changed.id}/links`).send({ maxDownloads: 1 }).expect(201)
    const path = `${body.res.link.url}/download`
    await get(path).expect(200)
    await ada
      .put(`/api/assets/${changed.id}/files`)
      .attach('files', Buffer.from(`${obj()}#`), 'a.obj')
      .expect(200)
    await get(path, REST).expect(410)
  })

  it('GET /api/links/:token/download – 60 downloads at the same time over two processes, 7 allowed → 7', async () => {
    const { id, file } = await make({ maxDownloads: 7 })
    const other = await app.secondInstance()
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => get(file, undefined, `192.0.2.${n}`, n % 2 ? other : app.api)),
    )
    expect(answers.filter(({ status }) => status === 200)).to.have.length(7)
    expect(answers.filter(({ status }) => status === 410)).to.have.length(53)
    expect(await downloads(id)).to.equal(7)
  })

  it('GET /api/links/:token/download – rest, an hour after the last use → counted like a whole file', async () => {
    const limited = await make({ maxDownloads: 1 })
    const unlimited = await make()
    for (const { file } of [limited, unlimited]) await get(file).expect(200)
    app.clock.advance(59 * MINUTE)
    for (const { id, file } of [limited, unlimited]) {
      await get(file, REST).expect(206)
      expect(await downloads(id)).to.equal(1)
    }
    app.clock.advance(MINUTE)
    await get(limited.file, REST).expect(410)
    await get(unlimited.file, REST).expect(206)
    await get(unlimited.file, REST).expect(206)
    expect([await downloads(limited.id), await downloads(unlimited.id)]).to.deep.equal([1, 2])
  })

  it('GET /api/links/:token/download – rest without an earlier use → uses one, then none for the network', async () => {
    const { id, file } = await make({ maxDownloads: 3 })
    await app.api.head(file).set('X-Forwarded-For', '2001:db8:1:2::1').expect(200)
    await get(file, REST, '2001:db8:1:2::1').expect(206)
    await get(file, REST, '2001:db8:1:2:ffff::9').expect(206)
    expect(await downloads(id)).to.equal(1)
    await get(file, REST, '2001:db8:1:3::1').expect(206)
    await get(file, REST, '198.51.100.1').expect(206)
    expect(await downloads(id)).to.equal(3)
    await get(file, REST, '198.51.100.2').expect(410)
    for (const address of ['2001:db8:1:2::5', '2001:db8:1:3::5', '::ffff:198.51.100.1'])
      await get(file, REST, address).expect(206)
    expect(await downloads(id)).to.equal(3)
  })

  it('GET /api/links/:token/download – 90 rests from 3 networks over two processes, 2 downloads → 2 networks', async () => {
    const { id, file } = await make({ maxDownloads: 2 })
    const other = await app.secondInstance()
    const answers = await Promise.all(
      Array.from({ length: 90 }, async (_, n) => {
        const { status } = await get(file, REST, `203.0.113.${n % 3}`, n % 2 ? other : app.api)
        return { network: n % 3, status }
      }),
    )
    const perNetwork = [0, 1, 2].map((one) =>
      answers.filter(({ network }) => network === one).map(({ status }) => status),
    )
    const isAll = (status: number) => (statuses: number[]) => statuses.every((each) => each === status)
    expect(perNetwork.filter(isAll(206)), JSON.stringify(perNetwork)).to.have.length(2)
    expect(perNetwork.filter(isAll(410))).to.have.length(1)
    expect(await downloads(id)).to.equal(2)
  })

  it('GET /api/links/:token/download – rest by a link that was revoked, expired or has a password → refused', async () => {
    const revoked = await make()
    const end = new Date(app.clock.now().getTime() + MINUTE).toISOString()
    const timed = await make({ expiresAt: end, maxDownloads: 1 })
    const closed = await make({ maxDownloads: 1, password: 'open sesame' })
    for (const { file } of [revoked, timed, closed])
      await get(file).set('X-Link-Password', 'open sesame').expect(200)
    await ada.delete(`/api/assets/${asset.id}/links/${revoked.id}`).expect(204)
    await get(revoked.file, REST).expect(410)
    await get(closed.file, REST).expect(401)
    await get(closed.file, REST).set('X-Link-Password', 'open sesame').expect(206)
    await get(timed.file, REST).expect(206)
    app.clock.advance(MINUTE + 1)
    await get(timed.file, REST).expect(410)
  })

  it('sweep – uses older than an hour → removed, newer ones kept; no address is stored', async () => {
    const [old, recent] = [await make(), await make()]
    await get(old.file).expect(200)
    app.clock.advance(40 * MINUTE)
    await get(recent.file).expect(200)
    expect(JSON.stringify(await stored(old.id)))
      .to.contain('"uses"')
      .and.not.to.contain('192.0.2')
    app.clock.advance(21 * MINUTE)
    await sweep(app.context)
    expect(await stored(old.id)).to.not.have.any.keys('uses', 'usesEndAt')
    expect((await stored(recent.id)).uses).to.have.length(1)
    await get(recent.file, REST).expect(206)
    expect([await downloads(old.id), await downloads(recent.id)]).to.deep.equal([1, 1])
    const { body } = await ada.get('/api/links').expect(200)
    expect(JSON.stringify(body)).to.not.contain('uses')
  })

  it('GET /api/links/:token/download – uses of 1,000 networks → the oldest is forgotten', async () => {
    const { id, file } = await make()
    const at = app.clock.now()
    const uses = Array.from({ length: 1000 }, (_, n) => ({ network: `network ${n}`, at }))
    await Link.updateOne({ _id: id }, { $set: { uses } })
    await get(file).expect(200)
    const kept = (await stored(id)).uses ?? []
    expect(kept).to.have.length(1000)
    expect(kept[0]?.network).to.equal('network 1')
    await get(file, REST).expect(206)
    expect(await downloads(id)).to.equal(1)
  })
})
