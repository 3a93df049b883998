import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { announceDeletion } from '../../../app/assets/pending-deletion.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { uploadPrefix } from '../../../app/uploads/object-keys.ts'
import { OVERHEAD_BYTES } from '../../../app/uploads/upload-session.ts'
import { Asset } from '../../../models/asset.ts'
import { beginAsset } from '../../../models/asset-upload.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { Upload } from '../../../models/upload.ts'
import { User } from '../../../models/user.ts'
import { setDeleting } from '../../../models/user-state.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { type FakeS3, startFakeS3 } from '../../support/s3/fake-s3.ts'

/** Limits of users without limits of their own. */
const QUOTA = { limit: 5e10, fileLimit: 1000 }

describe('sweep', () => {
  let s3: FakeS3
  let app: TestApp
  let ada: TestUser
  let location: string
  /** Runs a sweep with another `staleMs`. A negative value makes everything stale. */
  const sweepAfter = (staleMs: number) => sweep({ ...app.context, staleMs })

  before(async () => {
    s3 = await startFakeS3()
    app = await startApp({
      env: {
        S3_ENDPOINT: s3.endpoint,
        S3_BUCKET: s3.name,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    })
  })
  beforeEach(async () => {
    ada = await signUp(app, `u${randomUUID().slice(0, 8)}`)
    location = await User.locate(ada.user._id)
  })
  after(async () => {
    await app.stop()
    await s3.close()
  })

  /** Creates the state after a process died during an upload. */
  async function dieUploading(): Promise<string> {
    const [_id, asset] = [randomUUID(), new Types.ObjectId()]
    const prefix = uploadPrefix(location, _id)
    await Upload.begin({ _id, owner: ada.user._id, asset, prefix })
    await beginAsset({ id: _id, asset, owner: ada.user._id })
    await User.reserve(ada.user._id, { id: _id, bytes: 5000, slack: OVERHEAD_BYTES }, QUOTA)
    await Capacity.reserve(SERVER, { id: _id, bytes: 5000, slack: OVERHEAD_BYTES }, QUOTA)
    await app.store.put(`${prefix}1`, Buffer.alloc(1000))
    s3.begin(`${prefix}2`)
    return _id
  }

  /** Creates the state after a process died during a removal. */
  async function dieRemoving(): Promise<void> {
    const { id } = await uploadAsset(ada)
    const asset = await Asset.findById(id).orFail().lean()
    const deletion = announceDeletion(asset.owner, asset.files, 1, new Date())
    await Asset.updateOne(
      { _id: id },
      { state: 'deleting', readers: [], files: [], pendingDeletion: [deletion] },
    )
  }

  async function expectOnly(bytes: number): Promise<void> {
    const { objects, uploads, assets } = await stateOf(app)
    expect([uploads, [...s3.uploads.values()]]).to.deep.equal([[], []])
    expect(assets.filter(({ state }) => state !== 'ready')).to.deep.equal([])
    expect(objects).to.have.length(assets.length)
    expect(await storedBytes(app)).to.equal(bytes)
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({ used: bytes, reserved: 0, open: [] })
  }

  it('sweep – live uploads and assets → unchanged', async () => {
    const id = await dieUploading()
    const before = await stateOf(app)
    await sweepAfter(60_000)
    expect(await stateOf(app)).to.deep.equal(before)
    expect(s3.uploads.size).to.equal(1)
    await Upload.updateOne({ _id: id }, { heartbeatAt: new Date(0) })
    await sweepAfter(60_000)
    await expectOnly(0)
  })

  it('sweep – uploads of dead processes, two sweeps and a request at the same time → discarded once', async () => {
    for (let round = 0; round < 4; round++) {
      await dieUploading()
      await dieRemoving()
    }
    await Upload.updateMany({}, { heartbeatAt: new Date(0) })
    const [kept] = await Promise.all([uploadAsset(ada), sweepAfter(60_000), sweepAfter(60_000)])
    expect(await User.spaceOf(ada.user._id)).to.deep.include({ used: kept.size, reserved: 0, open: [] })
    await expectOnly(kept.size)
    await Promise.all(
      (await Asset.find().lean()).map(({ _id }) => ada.delete(`/api/assets/${_id}`).expect(204)),
    )
  })

  it('sweep – account deletion interrupted → completed', async () => {
    await uploadAsset(ada)
    await dieUploading()
    await dieRemoving()
    await setDeleting(ada.user._id, true)
    await Promise.all([sweepAfter(-60_000), sweepAfter(-60_000)])
    expect(await User.exists({ _id: ada.user._id })).to.equal(null)
    expect(await Asset.countDocuments({ owner: ada.user._id })).to.equal(0)
    await expectOnly(0)
  })

  it('reserve – account under deletion → false', async () => {
    await setDeleting(ada.user._id, true)
    const entry = { id: randomUUID(), bytes: 0, slack: 0 }
    expect(await User.reserve(ada.user._id, entry, QUOTA)).to.equal(false)
    await User.deleteOne({ _id: ada.user._id })
  })

  it('sweep – multipart uploads of a finished upload → aborted, foreign ones kept', async () => {
    await uploadAsset(ada)
    const [key = ''] = await keysOf(app, `${location}/`)
    const orphan = s3.begin(key)
    const foreign = s3.begin('backup/2026')
    await sweepAfter(60_000)
    expect([...s3.uploads.keys()]).to.have.members([orphan.id, foreign.id])
    await sweepAfter(-60_000)
    expect([...s3.uploads.keys()]).to.deep.equal([foreign.id])
    expect(await keysOf(app, `${location}/`)).to.deep.equal([key])
  })

  it('sweep – reservation without an upload → released', async () => {
    const entry = { id: randomUUID(), bytes: 700, slack: 0 }
    await User.reserve(ada.user._id, entry, QUOTA)
    await Capacity.reserve(SERVER, entry, QUOTA)
    await sweepAfter(60_000)
    expect((await User.spaceOf(ada.user._id))?.reserved).to.equal(700)
    await sweepAfter(-60_000)
    expect(await User.spaceOf(ada.user._id)).to.deep.include({ reserved: 0, open: [] })
    expect((await Capacity.spaceOf(SERVER))?.open).to.deep.equal([])
  })
})
