import { expect } from 'chai'
import { signUrl } from '../../app/assets/signed-url.ts'
import { createUrlSigner, type SignedBytes } from '../../app/auth/url-signer.ts'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { obj, png, svg } from '../support/data/samples.ts'

const HOUR = 3_600_000

describe('signed URLs', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let picture: Buffer
  let asset: AssetAnswer
  const sign = async (user: TestUser, query = '') => {
    const { body } = await user.get(`/api/assets/${asset.id}/url${query}`).expect(200)
    return body.res as { url: string; expiresAt: string }
  }
  const downloads = async () => (await Asset.findById(asset.id).orFail().lean()).downloads

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    picture = await png()
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada, {}, { 'a.png': picture, 'b.obj': obj(), 'c.svg': svg() })
  })
  after(() => app.stop())

  it('GET /api/signed/:token – no header → first file inline, not counted', async () => {
    const { url, expiresAt } = await sign(ada)
    expect(new Date(expiresAt).getTime() - app.clock.now().getTime()).to.be.within(HOUR - 10_000, HOUR)
    const { body } = await app.api
      .get(url)
      .expect(200)
      .expect('Content-Type', 'image/png')
      .expect('Content-Disposition', /^inline/)
      .expect('Cache-Control', /^private, max-age=(3599|3600)$/)
      .expect('Content-Security-Policy', "sandbox; default-src 'none'")
      .expect('X-Content-Type-Options', 'nosniff')
      .expect('ETag', `"${asset.files[0]?.sha256}"`)
    expect(picture.equals(body)).to.equal(true)
    await app.api.get(url).set('Range', 'bytes=0-3').expect(206).expect('Content-Length', '4')
    await app.api.head(url).expect(200)
    expect(await downloads()).to.equal(0)
  })

  it('GET /api/assets/:id/url?all=1 – several files or one → zip or file; with file or image → 400', async () => {
    const { url } = await sign(ada, '?all=1&download=1')
    await app.api
      .get(url)
      .expect(200)
      .expect('Content-Type', 'application/zip')
      .expect('Content-Disposition', /^attachment/)
    expect(await downloads()).to.equal(1)
    for (const name of ['file', 'image'])
      await ada.get(`/api/assets/${asset.id}/url?all=1&${name}=${asset.files[0]?.id}`).expect(400)
    asset = await uploadAsset(ada, {}, { 'a.png': picture })
    const single = await sign(ada, '?all=1&download=1')
    await app.api
      .get(single.url)
      .expect(200)
      .expect('Content-Type', 'image/png')
      .expect('Content-Disposition', /^attachment; filename="a.png"/)
  })

  it('GET /api/signed/:token – type that cannot be shown → attachment, counted as a download', async () => {
    for (const file of asset.files.slice(1)) {
      const { url } = await sign(ada, `?file=${file.id}`)
      await app.api
        .get(url)
        .expect(200)
        .expect('Content-Disposition', /^attachment/)
    }
    expect(await downloads()).to.equal(2)
  })

  it('HEAD – image of an asset, a link and a signed URL → length, name and ETag of the image', async () => {
    const { body } = await ada.post(`/api/assets/${asset.id}/links`).send({}).expect(201)
    const path = String(asset.thumbnail)
    const id = path.split('/').at(-1)
    const { url } = await sign(ada, `?image=${id}`)
    const whole = await ada.get(path).responseType('blob').expect(200)
    for (const [client, address] of [
      [ada, path],
      [app.api, `${body.res.link.url}/images/${id}`],
      [app.api, url],
    ] as const) {
      const { headers } = await client.head(address).set('Range', 'bytes=1-2').expect(200)
      expect(headers).to.include({
        'content-length': String(whole.body.length),
        'content-type': 'image/webp',
        'accept-ranges': 'bytes',
        etag: String(whole.headers.etag),
        'content-disposition': String(whole.headers['content-disposition']),
      })
    }
  })

  it('GET /api/signed/:token – made for an image → the image', async () => {
    const id = String(asset.thumbnail).split('/').at(-1)
    const { url } = await sign(ada, `?image=${id}`)
    await app.api
      .get(url)
      .expect(200)
      .expect('Content-Type', 'image/webp')
      .expect('Content-Disposition', /^inline/)
    expect(await downloads()).to.equal(0)
  })

  it('GET /api/signed/:token – signed with download=1 → attachment; a file counts, a preview image does not', async () => {
    const isAttachment = (url: string) =>
      app.api
        .get(url)
        .expect(200)
        .expect('Content-Disposition', /^attachment/)
    const { url } = await sign(ada, '?download=1')
    await isAttachment(url).expect('Content-Type', 'image/png')
    await isAttachment(`${url}?inline=1`)
    await app.api
      .head(url)
      .expect(200)
      .expect('Content-Disposition', /^attachment/)
    await app.api.get(url).set('Range', 'bytes=1-').expect(206)
    await app.api.get(url).set('If-None-Match', `"${asset.files[0]?.sha256}"`).expect(304)
    expect(await downloads()).to.equal(2)
    const id = String(asset.thumbnail).split('/').at(-1)
    await isAttachment((await sign(ada, `?image=${id}&download=1`)).url).expect('Content-Type', 'image/webp')
    expect(await downloads()).to.equal(2)
  })

  it('GET /api/signed/:token – signed with download=1, requested again → not from a cache, counted each time', async () => {
    const { body } = await ada.get(`/api/assets/${asset.id}/url?download=1`).expect(200)
    const before = (await Asset.findById(asset.id).orFail()).downloads
    for (const counted of [1, 2]) {
      await app.api.get(body.res.url).expect(200).expect('Cache-Control', 'private, no-cache')
      expect((await Asset.findById(asset.id).orFail()).downloads).to.equal(before + counted)
    }
  })

  it('GET /api/signed/:token – signed without download=1, or another claim in its place → never an attachment of a picture', async () => {
    const { url } = await sign(ada, '?download=0')
    const { url: forDownload } = await sign(ada, '?download=1')
    for (const query of ['download=1', 'inline=0']) await app.api.get(`${url}?${query}`).expect(400)
    await app.api
      .get(`${url}?inline=1`)
      .expect(200)
      .expect('Content-Disposition', /^inline/)
    const [header, , signature] = url.split('.')
    const [, claims] = forDownload.split('.')
    await app.api.get(`${header}.${claims}.${signature}`).expect(404)
    expect(await downloads()).to.equal(0)
  })

  it('signUrl – zip → all files as one attachment; the only file of an asset with one', async () => {
    const user = await User.findById(ada.user._id).orFail()
    const signed = async ({ id }: AssetAnswer) =>
      signUrl(app.context, await Asset.findById(id).orFail().lean(), user, { zip: true, download: true }).url
    const { headers } = await app.api
      .get(await signed(asset))
      .expect(200)
      .expect('Content-Type', 'application/zip')
    expect(headers['content-disposition']).to.match(/^attachment/)
    expect(headers['cache-control']).to.equal('private, no-cache')
    expect(await downloads()).to.equal(1)
    const single = await uploadAsset(ada, {}, { 'a.png': picture })
    await app.api
      .get(await signed(single))
      .expect(200)
      .expect('Content-Type', 'image/png')
      .expect('Content-Disposition', /^attachment/)
  })

  it('GET /api/signed/:token – expiresIn has passed → 404', async () => {
    const { url } = await sign(ada, '?expiresIn=60')
    await app.api.get(url).expect(200)
    app.clock.advance(60_000)
    const { body } = await app.api.get(url).expect(404)
    expect(body.err.code).to.equal('not_found')
  })

  it('GET /api/assets/:id/url – not a reader or outside the limits → refused', async () => {
    const path = `/api/assets/${asset.id}/url`
    await bob.get(path).expect(404)
    await app.api.get(path).expect(404)
    for (const query of ['?expiresIn=0', '?expiresIn=86401', '?expiresIn=x', '?file=a&image=b', '?x=1'])
      await ada.get(`${path}${query}`).expect(400)
    for (const query of ['?file=x', '?image=x']) await ada.get(`${path}${query}`).expect(404)
    await ada.get(`${path}?expiresIn=86400`).expect(200)
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    await app.api.get(path).expect(401)
  })

  it('GET /api/signed/:token – signature not made by the service → 404', async () => {
    const { url } = await sign(ada)
    const [header, claims, signature] = url.split('/').at(-1)?.split('.') ?? []
    const other: SignedBytes = { asset: asset.id, user: ada.user.id, visibility: 'private' }
    const forged = createUrlSigner(['another secret']).sign(other, new Date(Date.now() + HOUR))
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [
      'x',
      forged,
      ada.token,
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${unsigned}.${claims}.`,
      // a payload that is not JSON
      `${Buffer.from('{"alg":"HS256","typ":"JWT","kid":"x"}').toString('base64url')}.bm8.bm8`,
      `${header}.${claims}.${signature?.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
    ])
      await app.api.get(`/api/signed/${token}`).expect(404)
    await app.api
      .get('/api/assets')
      .set('Authorization', `Bearer ${url.split('/').at(-1)}`)
      .expect(401)
  })

  it('GET /api/signed/:token – visibility or sharing changed → 404', async () => {
    const own = await sign(ada)
    await ada.put(`/api/assets/${asset.id}/collaborators/bob`).send({ access: 'read' }).expect(200)
    const shared = await sign(bob)
    await app.api.get(shared.url).expect(200)
    await ada.delete(`/api/assets/${asset.id}/collaborators/bob`).expect(204)
    await app.api.get(shared.url).expect(404)
    await app.api.get(own.url).expect(200)
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    await app.api.get(own.url).expect(404)
  })

  it('GET /api/signed/:token – visibility changed and changed back → 404', async () => {
    for (const first of ['private', 'public']) {
      await ada.patch(`/api/assets/${asset.id}`).send({ visibility: first }).expect(200)
      const { url } = await sign(ada)
      await ada.patch(`/api/assets/${asset.id}`).send({ visibility: first, name: 'x' }).expect(200)
      await app.api.get(url).expect(200)
      const other = first === 'private' ? 'public' : 'private'
      for (const visibility of [other, first])
        await ada.patch(`/api/assets/${asset.id}`).send({ visibility }).expect(200)
      await app.api.get(url).expect(404)
      await app.api.get((await sign(ada)).url).expect(200)
    }
  })

  it('GET /api/signed/:token – password changed → 404, also for URLs of the session that continues', async () => {
    const carol = await signUp(app, 'carol')
    await ada.put(`/api/assets/${asset.id}/collaborators/carol`).send({ access: 'read' }).expect(200)
    const { url } = await sign(carol)
    await app.api.get(url).expect(200)
    const change = { current: PASSWORD, password: 'another horse battery' }
    await carol.put('/api/auth/password').send(change).expect(204)
    await app.api.get(url).expect(404)
    await app.api.get((await sign(carol)).url).expect(200)
  })

  it('GET /api/signed/:token – user disabled and enabled again → 404', async () => {
    const dora = await signUp(app, 'dora')
    await ada.put(`/api/assets/${asset.id}/collaborators/dora`).send({ access: 'read' }).expect(200)
    const { url } = await sign(dora)
    const root = await signUpAdmin(app, 'root')
    for (const disabled of [true, false]) {
      await root.patch(`/api/users/${dora.user.id}`).send({ disabled }).expect(200)
      await app.api.get(url).expect(404)
    }
    await dora.get('/api/assets').expect(401)
  })

  it('GET /api/signed/:token – user disabled or being deleted, or asset deleted → 404', async () => {
    const { url } = await sign(ada)
    for (const field of ['disabled', 'deleting']) {
      await User.updateOne({ _id: ada.user._id }, { [field]: true })
      await app.api.get(url).expect(404)
      await User.updateOne({ _id: ada.user._id }, { [field]: false })
    }
    await app.api.get(url).expect(200)
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
    await app.api.get(url).expect(404)
  })

  it('GET /api/signed/:token – JWT_SECRET rotated → 200', () => {
    const bytes: SignedBytes = { asset: 'a', file: 'f', user: 'u', visibility: 'private' }
    const [now, later] = [new Date(), new Date(Date.now() + HOUR)]
    const token = createUrlSigner(['old']).sign(bytes, later)
    expect(createUrlSigner(['new', 'old']).verify(token, now)).to.include(bytes)
    expect(createUrlSigner(['new']).verify(token, now)).to.equal(null)
    expect(createUrlSigner(['old']).verify(token, later)).to.equal(null)
  })
})
