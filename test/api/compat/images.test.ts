import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import type { AssetFile } from '../../../models/asset-files.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset, uploadAsset } from '../../support/app/assets.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { animatedGif, jpegWithExif, obj, png, svg } from '../../support/data/samples.ts'

/** The requests of the clients of the images service. */
describe('compatibility routes for images', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  const upload = (bytes: Buffer, name: string) => ada.post('/images').attach('image', bytes, name)

  before(async () => {
    app = await startApp({ env: { USER_SPACE_BYTES: '200000' } })
    ada = await signUp(app, 'ada', { name: 'Ada', email: 'ada@example.org' })
    bob = await signUp(app, 'bob')
  })
  after(() => app.stop())

  it('/images – upload, list, read and show → the recorded answers', async () => {
    const bytes = await png({ width: 1200, height: 700 })
    const created = await upload(bytes, 'room.png').expect(201)
    const { image } = created.body.res
    expect(image).to.have.all.keys('id', 'user_id', 'data')
    expect(image.user_id).to.equal(ada.user.id)
    const { url, user, ...data } = image.data
    expect(data).to.deep.equal({
      name: 'room.png',
      fileType: 'image/png',
      size: bytes.length,
      width: 1200,
      height: 700,
    })
    expect(user).to.deep.equal({ id: ada.user.id, username: 'ada', name: 'Ada', profilePhoto: null })

    const shown = await app.api.get(url).expect(200).expect('Content-Type', 'image/png')
    expect(shown.headers['content-disposition']).to.match(/^inline/)
    expect(bytes.equals(shown.body)).to.equal(true)
    app.clock.advance(3_600_000)
    await app.api.get(url).expect(404)

    for (const path of ['/images', '/images/']) {
      const { body } = await ada.get(path).expect(200)
      expect(body.res.images.map(({ id }: { id: string }) => id)).to.deep.equal([image.id])
      await app.api.get(body.res.images[0].data.url).expect(200)
    }
    const read = await ada.get(`/images/${image.id}`).expect(200)
    expect(read.body.res.image).to.deep.include({ id: image.id, user_id: ada.user.id })
    expect(await Asset.findById(image.id).lean()).to.include({ media: 'image', visibility: 'private' })
    expect(await storedBytes(app)).to.equal((await ada.get('/api/space')).body.res.used)
  })

  it('POST /images – rotated image or no image → width and height as seen, or none', async () => {
    const turned = await upload(await jpegWithExif({ width: 60, height: 40 }), 'a.jpg').expect(201)
    expect(turned.body.res.image.data).to.include({ width: 40, height: 60 })
    const moving = await upload(await animatedGif({ width: 50, height: 30 }), 'a.gif').expect(201)
    expect(moving.body.res.image.data).to.include({ width: 50, height: 30, fileType: 'image/gif' })
    const drawn = await upload(svg(), 'a.svg').expect(201)
    expect(drawn.body.res.image.data).to.include({ width: null, height: null, fileType: 'image/svg+xml' })
  })

  it('GET /images – page and limit → pages', async () => {
    const all = await ada.get('/images').expect(200)
    const first = await ada.get('/images?limit=2').expect(200)
    const second = await ada.get(`/images?limit=2&cursor=${first.body.res.next}`).expect(200)
    const ids = ({ body }: typeof all) => body.res.images.map(({ id }: { id: string }) => id)
    expect([...ids(first), ...ids(second)]).to.deep.equal(ids(all).slice(0, 4))
    await ada.get('/images?cursor=x').expect(400)
    await ada.get('/images?limit=101').expect(400)
  })

  it('GET /images – no page → up to 100 images', async () => {
    const carl = await signUp(app, 'carl')
    const file: AssetFile = {
      id: 'f',
      name: 'a.png',
      key: 'k',
      size: 1,
      mediaType: 'image/png',
      media: 'image',
      sha256: 'x',
    }
    for (let n = 0; n < 101; n++) await insertAsset(carl.user, { media: 'image', files: [file] })
    const { body } = await carl.get('/images').expect(200)
    expect(body.res.images).to.have.length(100)
    const rest = await carl.get(`/images?cursor=${body.res.next}`).expect(200)
    expect(rest.body.res.images).to.have.length(1)
    expect(rest.body.res.next).to.equal(null)
    await Asset.deleteMany({ owner: carl.user._id })
  })

  it('GET /images – assets of others and other types → not listed', async () => {
    const { body } = await upload(await png(), 'a.png').expect(201)
    const { id } = body.res.image
    await ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'read' }).expect(200)
    await bob.get(`/api/assets/${id}`).expect(200)
    await bob.get(`/images/${id}`).expect(404)
    expect((await bob.get('/images').expect(200)).body.res.images).to.deep.equal([])
    await app.api.get('/images').expect(401)
    await app.api.get(`/images/${id}`).expect(401)
    const model = await uploadAsset(ada)
    await ada.get(`/images/${model.id}`).expect(404)
    await ada.get('/images/x').expect(404)
  })

  it('GET /images – kind of media corrected → 404 without an image file, not listed', async () => {
    const carl = await signUp(app, 'carl-media')
    const model = await uploadAsset(carl)
    await carl.patch(`/api/assets/${model.id}`).send({ media: 'image' }).expect(200)
    const picture = await uploadAsset(carl, {}, { 'a.png': await png() })
    await carl.get(`/images/${model.id}`).expect(404)
    const { body } = await carl.get('/images').expect(200)
    expect(body.res.images.map(({ id }: { id: string }) => id)).to.deep.equal([picture.id])
    await carl.patch(`/api/assets/${picture.id}`).send({ media: 'other' }).expect(200)
    await carl.get(`/images/${picture.id}`).expect(404)
  })

  it('POST /images – other types, other fields or too large → refused, nothing is left', async () => {
    const before = await stateOf(app)
    const other = await upload(obj(), 'fake.png').expect(415)
    expect(other.body.err.code).to.equal('unsupported_media')
    await app.api
      .post('/images')
      .attach('image', await png(), 'a.png')
      .expect(401)
    await ada
      .post('/images')
      .attach('file', await png(), 'a.png')
      .expect(400)
    await ada.post('/images').field('image', 'x').expect(415)
    await ada.post('/images').send({ image: 'x' }).expect(415)
    const twice = await ada
      .post('/images')
      .attach('image', await png(), 'a')
      .attach('image', await png(), 'b')
    expect(twice.status).to.equal(413)
    await upload(Buffer.concat([await png(), Buffer.alloc(300_000)]), 'big.png').expect(507)
    expect(await stateOf(app)).to.deep.equal(before)
    expect(await keysOf(app)).to.deep.equal(before.objects)
  })
})
