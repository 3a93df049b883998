import bcrypt from 'bcrypt'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { unzip } from '../support/data/zip.ts'

const HOUR = 3_600_000
const PASSWORD = 'open sesame'

interface SharedLink {
  id: string
  url: string
  token: string
}

describe('signed URLs of links', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  const make = async (options: object = {}, of = asset) => {
    const terms = { password: PASSWORD, ...options }
    return (await ada.post(`/api/assets/${of.id}/links`).send(terms).expect(201)).body.res.link as SharedLink
  }
  const get = (path: string, address = '192.0.2.1', api = app.api) =>
    api.get(path).set('X-Forwarded-For', address)
  const read = async (link: SharedLink) => {
    const { body } = await get(`${link.url}?signed=1`).set('X-Link-Password', PASSWORD).expect(200)
    return body.res.asset as AssetAnswer
  }
  const sign = async (link: SharedLink, query = 'all=1&download=1') => {
    const { body } = await get(`${link.url}/url?${query}`).set('X-Link-Password', PASSWORD).expect(200)
    return body.res as { url: string; expiresAt: string }
  }
  const downloads = async ({ id }: SharedLink) => (await Link.findById(id).orFail().lean()).downloads

  before(async () => {
    app = await startApp({ env: { TRUST_PROXY: '1' } })
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, {}, { 'a.png': await png(), 'b.obj': obj() })
  })
  after(() => app.stop())

  it('GET /api/links/:token?signed=1 – password → URLs without a header; all of one answer use one download', async () => {
    const link = await make({ maxDownloads: 1 })
    await get(`${link.url}?signed=1`).expect(401)
    const shared = await read(link)
    const urls = [shared.thumbnail, ...shared.files.map(({ url }) => url)] as string[]
    expect(urls.filter((url) => /^\/api\/signed\//.test(url) && !url.includes(link.token))).to.have.length(3)
    await get(String(shared.thumbnail)).expect(200).expect('Content-Type', 'image/webp')
    expect(await downloads(link)).to.equal(0)
    for (const { name, url, sha256 } of shared.files) {
      const { headers } = await get(url).expect(200)
      expect(headers.etag, name).to.equal(`"${sha256}"`)
      expect(headers['content-disposition']).to.match(name === 'a.png' ? /^inline/ : /^attachment/)
      // a player reads the first bytes several times
      for (const range of ['bytes=0-1', 'bytes=0-', 'bytes=5-'])
        await get(url).set('Range', range).expect(206)
    }
    expect(await downloads(link)).to.equal(1)
    // the link has no downloads left for another answer and another network
    await get(link.url).set('X-Link-Password', PASSWORD).expect(410)
    await get(urls[1] as string, '192.0.2.2').expect(410)
    await get(urls[1] as string, '2001:db8::1')
      .set('Range', 'bytes=5-')
      .expect(410)
    app.clock.advance(HOUR - 60_000)
    await get(urls[1] as string).expect(200)
    expect(await downloads(link)).to.equal(1)
  })

  it('GET /api/links/:token/url – file, image, all files → attachment or inline; each URL uses one download', async () => {
    const link = await make({ maxDownloads: 3 })
    const before = (await Asset.findById(asset.id).orFail()).downloads
    await get(`${link.url}/url`).expect(401)
    for (const query of ['file=none', 'image=none'])
      await get(`${link.url}/url?${query}`).set('X-Link-Password', PASSWORD).expect(404)
    for (const query of ['all=1&file=x', 'expiresIn=0', 'x=1'])
      await get(`${link.url}/url?${query}`).set('X-Link-Password', PASSWORD).expect(400)
    const zip = await sign(link)
    expect(new Date(zip.expiresAt).getTime() - app.clock.now().getTime()).to.be.within(HOUR - 10_000, HOUR)
    const { body } = await get(zip.url)
      .expect(200)
      .expect('Content-Type', 'application/zip')
      .buffer(true)
      .parse((res, done) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)))
      })
    expect([...(await unzip(body)).keys()].sort()).to.deep.equal(['a.png', 'b.obj'])
    await get(zip.url).expect(200).expect('Cache-Control', 'private, no-cache')
    const file = await sign(link, `file=${asset.files[0]?.id}&download=1`)
    await get(file.url)
      .expect(200)
      .expect('Content-Disposition', /^attachment; filename="a.png"/)
    await get((await sign(link, `image=${String(asset.thumbnail).split('/').at(-1)}`)).url).expect(200)
    await app.api.head(file.url).expect(200)
    expect(await downloads(link)).to.equal(2)
    expect((await Asset.findById(asset.id).orFail()).downloads).to.equal(before + 3)
    await get((await sign(link)).url).expect(200)
    await get(`${link.url}/url`).set('X-Link-Password', PASSWORD).expect(410)
    expect(await downloads(link)).to.equal(3)
  })

  it('GET /api/signed/:token – 40 requests by one URL, 20 by others, 7 downloads over two processes → 7', async () => {
    const link = await make({ maxDownloads: 7 })
    const other = await app.secondInstance()
    const one = await sign(link)
    const urls: string[] = []
    for (let count = 0; count < 20; count++) urls.push((await sign(link)).url)
    const first = await Promise.all(
      Array.from({ length: 40 }, (_, n) => get(one.url, undefined, n % 2 ? other : app.api)),
    )
    expect(first.filter(({ status }) => status === 200)).to.have.length(40)
    const rest = await Promise.all(urls.map((url, n) => get(url, undefined, n % 2 ? other : app.api)))
    expect(rest.filter(({ status }) => status === 200)).to.have.length(6)
    expect(rest.filter(({ status }) => status === 410)).to.have.length(14)
    expect(await downloads(link)).to.equal(7)
  })

  it('GET /api/signed/:token – link revoked, expired, with another password or none → refused, nothing counted', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + HOUR / 2).toISOString()
    const links = [await make({ expiresAt }), await make(), await make(), await make(), await make()]
    const [timed, revoked, changed, opened, kept] = links as [
      SharedLink,
      SharedLink,
      SharedLink,
      SharedLink,
      SharedLink,
    ]
    const urls = new Map<SharedLink, string>()
    for (const link of links) urls.set(link, (await sign(link)).url)
    const open = (link: SharedLink) => get(String(urls.get(link)))
    const patch = ({ id }: SharedLink, change: object) =>
      ada.patch(`/api/assets/${asset.id}/links/${id}`).send(change).expect(200)
    await ada.delete(`/api/assets/${asset.id}/links/${revoked.id}`).expect(204)
    await patch(changed, { password: 'another one' })
    await patch(opened, { password: null })
    await patch(kept, { label: 'For the printer', maxDownloads: 1 })
    await open(revoked).expect(410)
    await open(changed).expect(404)
    await open(opened).expect(404)
    for (const link of [timed, revoked, changed, opened]) expect(await downloads(link)).to.equal(0)
    await open(kept).expect(200)
    app.clock.advance(HOUR / 2 + 1000)
    await open(timed).expect(410)
    await open(kept).expect(200)
    expect(await downloads(kept)).to.equal(1)
    app.clock.advance(HOUR / 2)
    await open(kept).expect(404)
  })

  it('GET /api/signed/:token – owner disabled, asset taken down or deleted → refused', async () => {
    const own = await uploadAsset(ada, { visibility: 'public' }, { 'a.obj': obj() })
    const { url } = await sign(await make({}, own))
    await ada.patch(`/api/assets/${own.id}`).send({ visibility: 'private' }).expect(200)
    await get(url).expect(200)
    await User.updateOne({ _id: ada.user.id }, { disabled: true })
    await get(url).expect(404)
    await User.updateOne({ _id: ada.user.id }, { disabled: false })
    await Asset.updateOne({ _id: own.id }, { takenDownAt: new Date() })
    await get(url).expect(410)
    await Asset.updateOne({ _id: own.id }, { takenDownAt: null })
    await get(url).expect(200)
    await ada.delete(`/api/assets/${own.id}`).expect(204)
    await get(url).expect(404)
  })

  it('GET /api/links/:token?signed=1 – hash of the password renewed by this request → URLs work', async () => {
    const link = await make()
    const passwordHash = await bcrypt.hash(PASSWORD, 5)
    await Link.updateOne({ _id: link.id }, { passwordHash })
    const [file] = (await read(link)).files
    expect((await Link.findById(link.id).orFail().lean()).passwordHash).to.not.equal(passwordHash)
    await get(String(file?.url)).expect(200)
  })

  it('GET /api/links/:token?signed=1 – link of an earlier release, or without a password → URLs work', async () => {
    const link = await make({ password: undefined })
    await Link.updateMany({}, { $unset: { passwordEpoch: 1 } })
    const { body } = await get(`${link.url}?signed=1`).expect(200)
    await get(body.res.asset.files[0].url).expect(200)
  })
})
