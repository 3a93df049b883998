import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { updateReaders } from '../../../app/accounts/update-readers.ts'
import { announceDeletion } from '../../../app/assets/pending-deletion.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { uploadPrefix } from '../../../app/uploads/object-keys.ts'
import { OVERHEAD_BYTES, UploadSession } from '../../../app/uploads/upload-session.ts'
import { Asset } from '../../../models/asset.ts'
import { insertAsset, removeTombstones } from '../../../models/asset-upload.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { User } from '../../../models/user.ts'
import { grantRights, setDeleting } from '../../../models/user-state.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { keysOf, killUploads, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'
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
  async function dieUploading(): Promise<void> {
    const [id, owner] = [randomUUID(), ada.user._id]
    const prefix = uploadPrefix(location, id)
    const entry = { id, bytes: 5000, slack: OVERHEAD_BYTES, files: 1 }
    await User.reserve(owner, { ...entry, asset: new Types.ObjectId(), createsAsset: true }, QUOTA)
    await Capacity.reserve(SERVER, { ...entry, owner }, QUOTA)
    await app.store.put(`${prefix}1`, Buffer.alloc(1000))
    s3.begin(`${prefix}2`)
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
    const lasting = assets.filter(({ fencedAt }) => !fencedAt)
    expect(lasting.filter(({ state }) => state !== 'ready')).to.deep.equal([])
    expect(objects).to.have.length(lasting.length)
    expect(await storedBytes(app)).to.equal(bytes)
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({ used: bytes, reserved: 0, uploads: [] })
  }

  it('sweep – live uploads and assets → unchanged', async () => {
    await dieUploading()
    const before = await stateOf(app)
    await sweepAfter(60_000)
    expect(await stateOf(app)).to.deep.equal(before)
    expect(s3.uploads.size).to.equal(1)
    await killUploads()
    await sweepAfter(60_000)
    await expectOnly(0)
  })

  it('sweep – uploads of dead processes, two sweeps and a request at the same time → discarded once', async () => {
    for (let round = 0; round < 4; round++) {
      await dieUploading()
      await dieRemoving()
    }
    await killUploads()
    const [kept] = await Promise.all([uploadAsset(ada), sweepAfter(60_000), sweepAfter(60_000)])
    expect(await User.spaceOf(ada.user._id)).to.deep.include({ used: kept.size, reserved: 0, uploads: [] })
    await expectOnly(kept.size)
    await Promise.all(
      (await Asset.find({ fencedAt: null }).lean()).map(({ _id }) =>
        ada.delete(`/api/assets/${_id}`).expect(204),
      ),
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
    expect(await User.reserve(ada.user._id, entry, QUOTA)).to.equal(null)
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
    s3.uploads.clear()
    for (const { _id } of await Asset.find({ fencedAt: null }).lean())
      await ada.delete(`/api/assets/${_id}`).expect(204)
  })

  it('sweep – reservation of the server without an upload → released', async () => {
    const entry = { id: randomUUID(), bytes: 700, slack: 0, owner: ada.user._id }
    await Capacity.reserve(SERVER, entry, QUOTA)
    await sweepAfter(60_000)
    expect((await Capacity.spaceOf(SERVER))?.reserved).to.equal(700)
    await sweepAfter(-60_000)
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({ reserved: 0, uploads: [] })
  })

  it('sweep – upload of an earlier release → discarded, its record and asset removed', async () => {
    const [id, asset, owner] = [randomUUID(), new Types.ObjectId(), ada.user._id]
    const prefix = uploadPrefix(location, id)
    const [records, at] = [mongoose.connection.collection('uploads'), new Date()]
    await records.insertOne({ _id: id as never, owner, asset, prefix, createdAt: at, heartbeatAt: at })
    await Asset.create({ _id: asset, owner, state: 'pending', intents: [id], createdAt: at, updatedAt: at })
    for (const collection of ['users', 'capacity'])
      await mongoose.connection.collection(collection).updateMany({}, {
        $inc: { 'space.reserved': 5000, 'space.reservedFiles': 1 },
        $push: { 'space.open': { id, bytes: 5000, slack: 0, files: 1, at } },
      } as never)
    await app.store.put(`${prefix}1`, Buffer.alloc(1000))
    const before = await stateOf(app)
    await sweepAfter(60_000)
    expect(await stateOf(app)).to.deep.equal(before)
    await records.updateMany({}, { $set: { heartbeatAt: new Date(0) } })
    await Promise.all([sweepAfter(60_000), sweepAfter(60_000)])
    await expectOnly(0)
    expect(await records.countDocuments()).to.equal(0)
    expect(await User.spaceOf(owner)).to.deep.include({ reserved: 0, reservedFiles: 0, open: [] })
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({ reserved: 0, reservedFiles: 0, open: [] })
  })

  it('sweep – process commits an upload after it was undone → refused, nothing is left', async () => {
    const [asset, owner] = [new Types.ObjectId(), ada.user._id]
    const options = { owner, asset, isNew: true, announced: 1000, mostFiles: 1 }
    const late = await UploadSession.begin(app.context, options)
    await app.store.put(late.nextKey(), Buffer.alloc(1000))
    await killUploads()
    await sweepAfter(60_000)
    const commit = { createdAt: new Date(), unsettled: [{ id: late.id, bytes: 1000, files: 1 }] }
    expect(await late.insertAsset(commit)).to.equal(null)
    await app.store.put(late.nextKey(), Buffer.alloc(1000))
    await late.discard()
    await expectOnly(0)
    expect(await Asset.countDocuments({ _id: asset })).to.equal(1)
    await removeTombstones(new Date(Date.now() + 1000))
    expect(await Asset.countDocuments({ _id: asset })).to.equal(0)
  })

  it('account deletion – upload of a new asset is running → it cannot be committed, nothing is left', async () => {
    const [asset, owner] = [new Types.ObjectId(), ada.user._id]
    const options = { owner, asset, isNew: true, announced: 1000, mostFiles: 1 }
    const late = await UploadSession.begin(app.context, options)
    await app.store.put(late.nextKey(), Buffer.alloc(1000))
    await setDeleting(owner, true)
    const deleted = sweepAfter(60_000)
    await eventually(async () =>
      expect(await Asset.exists({ _id: asset, state: 'deleting' })).to.not.equal(null),
    )
    const commit = { createdAt: new Date(), unsettled: [{ id: late.id, bytes: 1000, files: 1 }] }
    expect(await late.insertAsset(commit)).to.equal(null)
    await late.discard()
    await deleted
    expect(await User.exists({ _id: owner })).to.equal(null)
    await expectOnly(0)
  })

  it('sweep – process died after the commit of a new asset → upload finished, space counted once', async () => {
    const [asset, owner] = [new Types.ObjectId(), ada.user._id]
    const options = { owner, asset, isNew: true, announced: 1000, mostFiles: 1 }
    const upload = await UploadSession.begin(app.context, options)
    const key = upload.nextKey()
    await app.store.put(key, Buffer.alloc(1000))
    const { id, ...settlement } = { id: upload.id, bytes: 1000, files: 1 }
    const files = [
      { id: 'a', key, size: 1000, name: 'a', mediaType: '', media: 'other' as const, sha256: '' },
    ]
    const unsettled = [{ id, ...settlement }]
    const commit = { createdAt: new Date(), files, readers: [owner.toString()], unsettled }
    expect(await insertAsset(upload, commit)).to.be.an('object')
    expect(await insertAsset(upload, commit), 'repeated by the driver').to.be.an('object')
    await Capacity.settle(SERVER, id, settlement)
    await killUploads()
    await Promise.all([sweepAfter(60_000), sweepAfter(60_000), upload.settle(settlement)])
    expect(await User.spaceOf(owner)).to.deep.include({ used: 1000, files: 1, reserved: 0, uploads: [] })
    await expectOnly(1000)
    await ada.delete(`/api/assets/${asset}`).expect(204)
    await expectOnly(0)
  })

  it('sweep – process died after the commit of a public asset, owner disabled meanwhile → asset hidden', async () => {
    const [asset, owner] = [new Types.ObjectId(), ada.user._id]
    const upload = await UploadSession.begin(app.context, {
      owner,
      asset,
      isNew: true,
      announced: 0,
      mostFiles: 0,
    })
    await grantRights(owner, { disabled: true })
    await updateReaders(owner)
    await insertAsset(upload, {
      visibility: 'public',
      readers: ['public', owner.toString()],
      unsettled: [{ id: upload.id, bytes: 0, files: 0 }],
    })
    await killUploads()
    await sweepAfter(60_000)
    expect(await User.spaceOf(owner)).to.deep.include({ reserved: 0, uploads: [] })
    const { readers, visibility } = await Asset.findById(asset).orFail().lean()
    expect({ readers, visibility }).to.deep.equal({ readers: [owner.toString()], visibility: 'public' })
    await Asset.deleteOne({ _id: asset })
  })

  it('sweep – upload of an existing asset is undone while it begins → it cannot be committed, sums exact', async () => {
    const { id } = await uploadAsset(ada)
    const [asset, owner] = [new Types.ObjectId(id), ada.user._id]
    const before = await stateOf(app)
    const options = { owner, asset, isNew: false, announced: 1000, mostFiles: 1 }
    const gate = new CommandInterceptor()
    const commands = await gate.record(async () => {
      await (await UploadSession.begin(app.context, options)).discard()
    })
    const opened = commands.indexOf('users.findOneAndUpdate')
    let late: UploadSession | undefined
    const undo = async () => {
      await killUploads()
      await sweepAfter(60_000)
    }
    await gate.before(opened + 1, undo, async () => {
      late = await UploadSession.begin(app.context, options)
    })
    gate.close()
    const unsettled = { id: String(late?.id), bytes: 1000, files: 1 }
    const conditions = { _id: asset, intents: unsettled.id }
    expect(await Asset.findOneAndUpdate(conditions, { $push: { unsettled } })).to.equal(null)
    await late?.discard()
    expect(await stateOf(app)).to.deep.equal(before)
    await ada.delete(`/api/assets/${id}`).expect(204)
  })
})
