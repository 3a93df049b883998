import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { keysOf, runningUploads, stateOf, storedBytes } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { glb, html, jpegWithExif, mp4, obj, png, stlBinary, svgWithScript } from '../support/data/samples.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('POST /api/assets', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  it('POST /api/assets – model with an image, parts in any order → stored with thumbnail', async () => {
    const model = glb()
    const picture = await png({ width: 1200, height: 600 })
    const { status, headers, body } = await ada
      .post('/api/assets')
      .field('description', 'Four legs\nand a back')
      .attach('files', model, 'chair.glb')
      .field('tags', 'Wood, chair')
      .attach('images', picture, 'front.png')
      .field('tags', 'wood')
    expect(status, JSON.stringify(body)).to.equal(201)

    const { asset } = body.res
    expect(asset).to.include({
      name: 'chair.glb',
      type: '3D',
      media: 'model',
      visibility: 'private',
      access: 'owner',
    })
    expect(asset).to.include({ size: model.length, downloads: 0, version: 1, lock: null })
    expect(asset.description).to.equal('Four legs\nand a back')
    expect(asset.tags).to.deep.equal(['wood', 'chair'])
    expect(asset.owner).to.deep.equal({ id: ada.user.id, username: 'ada' })
    expect(headers.location).to.equal(`/api/assets/${asset.id}`)
    expect(asset.files).to.have.length(1)
    expect(asset.files[0]).to.include({
      name: 'chair.glb',
      size: model.length,
      mediaType: 'model/gltf-binary',
      sha256: sha256(model),
    })
    expect(asset.images[0]).to.include({ mediaType: 'image/webp', width: 1200, height: 600 })
    expect(asset.thumbnail).to.match(new RegExp(`^/api/assets/${asset.id}/images/`))
    const { location } = await User.findById(ada.user._id).orFail().lean()
    expect(JSON.stringify(body)).not.to.contain('key').and.not.to.contain(String(location))

    const stored = await Asset.findById(asset.id).orFail().lean()
    expect(stored).to.deep.include({
      state: 'ready',
      intents: [],
      pendingDeletion: [],
      trash: [],
    })
    expect(stored.unsettled.map(({ bytes, files }) => [bytes, files])).to.deep.equal([
      [await storedBytes(app), 1],
    ])
    expect(stored.readers).to.deep.equal([ada.user.id])
    const keys = [stored.files[0], stored.images[0], stored.images[0]?.thumbnail].map((kept) =>
      String(kept?.key),
    )
    expect(await keysOf(app)).to.deep.equal(keys.sort())
    expect(await runningUploads()).to.deep.equal([])

    const used = await storedBytes(app)
    expect((await User.spaceOf(ada.user._id)) ?? {}).to.deep.include({
      used,
      reserved: 0,
      files: 1,
      uploads: [],
    })
    expect((await Capacity.spaceOf(SERVER)) ?? {}).to.deep.include({ used, reserved: 0, uploads: [] })
  })

  it('POST /api/assets – photograph with EXIF data → image without it', async () => {
    const { body } = await ada
      .post('/api/assets')
      .attach('files', obj(), 'chair.obj')
      .attach('images', await jpegWithExif(), 'me.jpg')
      .expect(201)
    const image = await ada.get(body.res.asset.images[0].url).responseType('blob').expect(200)
    expect(image.headers['content-type']).to.equal('image/webp')
    expect(image.body.toString('latin1')).not.to.contain('Ada Lovelace')
  })

  it('POST /api/assets – image without a preview → thumbnail from the image itself', async () => {
    const { body } = await ada
      .post('/api/assets')
      .attach('files', await png({ width: 1024, height: 2048 }), 'tall.png')
      .expect(201)
    const { asset } = body.res
    expect(asset).to.include({ type: '2D', media: 'image' })
    expect(asset.images).to.deep.equal([])
    const thumbnail = await ada.get(asset.thumbnail).responseType('blob').expect(200)
    expect(thumbnail.headers['content-type']).to.equal('image/webp')
  })

  it('POST /api/assets – files of several kinds → types detected from content, asset type from the main file', async () => {
    const { body } = await ada
      .post('/api/assets')
      .attach('files', mp4(), { filename: 'a.txt', contentType: 'text/html' })
      .attach('files', stlBinary(), 'b.stl')
      .attach('files', html(), 'c.png')
      .attach('files', svgWithScript(), 'd.svg')
      .expect(201)
    const { asset } = body.res
    expect(asset).to.include({ type: '3D', media: 'model' })
    const types = asset.files.map(({ mediaType }: { mediaType: string }) => mediaType)
    expect(types).to.deep.equal(['video/mp4', 'model/stl', 'text/html', 'image/svg+xml'])
  })

  it('POST /api/assets – empty file and a given type → both kept', async () => {
    const { body } = await ada
      .post('/api/assets')
      .field({ name: 'Nothing', type: '3D', visibility: 'public' })
      .attach('files', Buffer.alloc(0), 'nothing.bin')
      .expect(201)
    expect(body.res.asset).to.include({
      name: 'Nothing',
      type: '3D',
      media: 'other',
      size: 0,
      visibility: 'public',
    })
    const file = await app.api.get(body.res.asset.files[0].url).responseType('blob').expect(200)
    expect(file.body).to.have.length(0)
  })

  it('POST /api/assets – unsafe file names → cleaned', async () => {
    const names = [
      '../../etc/passwd',
      'a"b\\c.txt',
      '🪑 стул כסא.obj',
      `${'x'.repeat(300)}.stl`,
      '..',
      'a\tb.txt',
    ]
    const request = ada.post('/api/assets')
    for (const name of names) request.attach('files', Buffer.from('x'), name)
    const { body } = await request.expect(201)
    const kept = body.res.asset.files.map(({ name }: { name: string }) => name)
    expect(kept).to.include.members(['passwd', '🪑 стул כסא.obj'])
    for (const name of kept) {
      expect(Buffer.byteLength(name)).to.be.within(1, 255)
      expect(name).not.to.match(/[/\p{Cc}]/u)
    }
  })

  it('POST /api/assets – no token → 401, nothing stored', async () => {
    const before = await stateOf(app)
    const { body } = await app.api.post('/api/assets').attach('files', obj(), 'chair.obj').expect(401)
    expect(body.err.code).to.equal('unauthenticated')
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
