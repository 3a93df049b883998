import { expect } from 'chai'
import { discardAsset } from '../../../app/assets/remove.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { makeThumbnail } from '../../../app/media/preview.ts'
import { renderQueue } from '../../../app/media/render-isolated.ts'
import { storePicture } from '../../../app/uploads/receive-image.ts'
import { UploadSession } from '../../../app/uploads/upload-session.ts'
import { Asset } from '../../../models/asset.ts'
import { attachCover } from '../../../models/asset-upload.ts'
import { staleUploads } from '../../../models/upload.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { type AssetAnswer, uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { keysOf, runningUploads, storedBytes } from '../../support/app/state.ts'
import { PASSWORD, signUp, type TestUser } from '../../support/app/users.ts'
import { obj, png, svg } from '../../support/data/samples.ts'
import { eventually } from '../../support/eventually.ts'

/** Releases the renderer, which is busy until then. */
async function holdRenderer(): Promise<() => Promise<void>> {
  let release = () => {}
  const held = renderQueue.run('eve', () => new Promise<void>((resolve) => (release = resolve)))
  await eventually(() => expect(renderQueue.running).to.equal(1))
  return () => {
    release()
    return held
  }
}

const makeSmallThumbnail = async () => makeThumbnail(await png(), { user: 'eve' })
describe('late cover', () => {
  let app: TestApp
  let ada: TestUser
  let users = 0
  let release: () => Promise<void>

  before(async () => {
    app = await startApp({ coverWaitMs: 50 })
  })
  beforeEach(async () => {
    ada = await signUp(app, `ada${users++}`)
    release = await holdRenderer()
  })
  afterEach(() => release())
  after(() => app.stop())

  const uploadPicture = async () =>
    uploadAsset(ada, {}, { 'cat.png': await png({ width: 700, height: 700 }) })
  const read = async ({ id }: AssetAnswer) => {
    const { body, headers } = await ada.get(`/api/assets/${id}`).expect(200)
    return { asset: body.res.asset as AssetAnswer, etag: String(headers.etag) }
  }
  /** Waits until the covers are added or dropped. */
  const idle = async () => {
    await app.context.covers.close()
    expect(await runningUploads()).to.deep.equal([])
  }
  /** Checks that nothing is reserved, and that sums and documents match the stored objects. */
  const expectExact = async () => {
    const user = await User.findById(ada.user._id).orFail().lean()
    const stored = await storedBytes(app, `${user.location}/`)
    expect(user.space).to.include({ reserved: 0, used: stored }).and.have.property('open').that.has.length(0)
    const named = (await Asset.find({ owner: user._id }).lean()).flatMap(({ files, cover }) =>
      [...files, ...(cover ? [cover] : [])].map(({ key }) => key),
    )
    expect(await keysOf(app, `${user.location}/`)).to.deep.equal(named.sort())
  }
  /** Releases the renderer and waits until the cover is added or dropped. */
  const finish = async () => {
    await release()
    await idle()
    await expectExact()
  }

  it('cover – answer does not wait, thumbnail follows → same version, new ETag, event, exact space', async () => {
    const uploaded = await uploadPicture()
    expect(uploaded.thumbnail).to.equal(null)
    const before = await read(uploaded)
    const heard: object[] = []
    const deaf = app.context.events.listen((change) => heard.push(change))
    await release()
    await eventually(async () => expect((await read(uploaded)).asset.thumbnail).to.be.a('string'))
    await idle()
    deaf()
    const after = await read(uploaded)
    const { thumbnail, ...others } = after.asset
    expect({ ...others, thumbnail: null }).to.deep.equal(before.asset)
    expect(after.etag).to.not.equal(before.etag)
    expect(after.etag.split('-')[0]).to.equal(before.etag.split('-')[0])
    expect(heard).to.have.length(1)
    expect(heard[0]).to.deep.include({ kind: 'asset.updated', space: true })
    await ada.get(String(thumbnail)).expect(200).expect('Content-Type', 'image/webp')
    await expectExact()
  })

  it('PUT /api/assets/:id/files – late cover → thumbnail of the new files', async () => {
    const asset = await uploadAsset(ada)
    const { body } = await ada
      .put(`/api/assets/${asset.id}/files`)
      .attach('files', await png(), 'dog.png')
      .expect(200)
    expect(body.res.asset.thumbnail).to.equal(null)
    await finish()
    expect((await read(asset)).asset)
      .to.include({ version: 2 })
      .and.have.property('thumbnail')
      .that.is.a('string')
  })

  it('cover – asset deleted during rendering → no object', async () => {
    const asset = await uploadPicture()
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
    await finish()
    expect(await Asset.countDocuments({ owner: ada.user._id })).to.equal(0)
  })

  it('cover – files replaced during rendering → the thumbnail of the old file is not attached', async () => {
    const asset = await uploadPicture()
    await ada.put(`/api/assets/${asset.id}/files`).attach('files', obj(), 'chair.obj').expect(200)
    await finish()
    expect((await read(asset)).asset.thumbnail).to.equal(null)
  })

  it('cover – image replaced by another image during rendering → one thumbnail, of the new file', async () => {
    const asset = await uploadPicture()
    const small = await png({ width: 20, height: 10 })
    await ada.put(`/api/assets/${asset.id}/files`).attach('files', small, 'dog.png').expect(200)
    await finish()
    const stored = await Asset.findById(asset.id).orFail().lean()
    expect(stored.cover?.original).to.deep.equal({ width: 20, height: 10 })
  })

  it('cover – asset locked during rendering → the locked asset is not changed', async () => {
    const asset = await uploadPicture()
    await ada.put(`/api/assets/${asset.id}/lock`).send({ legalHold: true }).expect(200)
    const locked = await read(asset)
    await finish()
    expect(await read(asset)).to.deep.equal(locked)
  })

  it('cover – no room for the thumbnail → none, and no error', async () => {
    const asset = await uploadPicture()
    const { space } = await User.findById(ada.user._id).orFail().lean()
    await User.updateOne({ _id: ada.user._id }, { 'space.limit': space.used + 10 })
    await finish()
    expect((await read(asset)).asset.thumbnail).to.equal(null)
  })

  it('cover – account deleted during rendering → no object, deleted immediately', async () => {
    await uploadPicture()
    const { location } = await User.findById(ada.user._id).orFail().lean()
    await ada.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
    await release()
    await idle()
    expect(await keysOf(app, `${location}/`)).to.deep.equal([])
    expect(await User.countDocuments({ _id: ada.user._id })).to.equal(0)
  })

  it('cover – process stops → the waiting covers are dropped after a bounded time', async function () {
    this.timeout(20_000)
    const asset = await uploadPicture()
    await app.context.covers.close()
    expect(renderQueue.waiting).to.equal(0)
    await finish()
    expect((await read(asset)).asset.thumbnail).to.equal(null)
  })

  const killed: [moment: string, attach: boolean][] = [
    ['before', false],
    ['after', true],
  ]
  for (const [moment, attach] of killed)
    it(`cover – process killed right ${moment} the cover is attached → usage exact after the sweep`, async () => {
      await release()
      // an image without a thumbnail
      const { id } = await uploadAsset(ada, {}, { 'cat.svg': svg() })
      const { _id, files } = await Asset.findById(id).orFail().lean()
      const owner = ada.user._id
      const thumbnail = await makeSmallThumbnail()
      const uploadSession = await UploadSession.begin(app.context, {
        owner,
        asset: _id,
        isNew: false,
        announced: 1000,
        mostFiles: 0,
      })
      const picture = await storePicture(app.store, uploadSession, thumbnail)
      if (attach) {
        const unsettled = { id: uploadSession.id, bytes: picture.size, files: 0 }
        const file = String(files[0]?.key)
        const added = { cover: picture, file, fileSet: null, now: app.clock.now(), unsettled }
        expect(await attachCover(uploadSession, added)).to.be.an('object')
      }
      const [record] = await staleUploads(-60_000)
      expect(record?.id).to.equal(uploadSession.id)
      await sweep({ ...app.context, staleMs: -60_000 })
      await expectExact()
      expect((await Asset.findById(id).orFail().lean()).cover !== null).to.equal(attach)
      await uploadSession.discard()
    })

  const stale: [change: string, make: (asset: Parameters<typeof discardAsset>[1]) => Promise<unknown>][] = [
    ['deletion', (asset) => discardAsset(app.context, asset)],
    ['deletion of a version', (asset) => discardAsset(app.context, asset, { version: asset.version })],
  ]
  for (const [change, make] of stale)
    it(`cover – added between the read and the update of a ${change} → removed with the asset`, async () => {
      const { id } = await uploadPicture()
      const read = await wholeAsset(id)
      await release()
      await eventually(async () => expect((await Asset.findById(id).lean())?.cover).to.be.an('object'))
      await idle()
      await make(read)
      await expectExact()
      expect(await Asset.exists({ _id: id })).to.equal(null)
    })
})

describe('cover in time', () => {
  it('POST /api/assets – no room for the thumbnail → 201 without one', async () => {
    const app = await startApp()
    try {
      const ada = await signUp(app, 'ada')
      const picture = await png({ width: 700, height: 700 })
      const { data } = await makeThumbnail(picture, { user: 'eve' })
      // the size of the body: the file and a few hundred bytes
      await User.updateOne({ _id: ada.user._id }, { 'space.limit': picture.length + data.length - 1 })
      const asset = await uploadAsset(ada, {}, { 'cat.png': picture })
      expect(asset.thumbnail).to.equal(null)
      expect((await User.findById(ada.user._id).orFail().lean()).space).to.include({
        reserved: 0,
        used: picture.length,
      })
    } finally {
      await app.stop()
    }
  })
})
