import { expect } from 'chai'
import { announceDeletion, deletePending, withdrawDeletion } from '../../../app/assets/pending-deletion.ts'
import { reconcile } from '../../../app/maintenance/reconcile.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { restartNumbering, settleRemoval } from '../../../app/quota/removals.ts'
import { Asset } from '../../../models/asset.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('settleRemoval', () => {
  let app: TestApp
  let ada: TestUser

  beforeEach(async () => {
    restartNumbering()
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  afterEach(() => app.stop())

  const spaces = async () => [await User.spaceOf(ada.user._id), await Capacity.spaceOf(SERVER)]

  async function expectExact(): Promise<void> {
    const used = await storedBytes(app)
    for (const space of await spaces()) expect(space).to.deep.include({ used, reserved: 0, uploads: [] })
    for await (const discrepancy of reconcile({ fix: false, before: new Date() }))
      expect.fail(JSON.stringify(discrepancy))
  }

  /** Creates the state after a process died directly after it had marked an asset for deletion. */
  async function dieRemoving() {
    const { id } = await uploadAsset(ada)
    const { _id, owner, files } = await Asset.findById(id).orFail().lean()
    const removal = announceDeletion(owner, files, 1, new Date())
    const change = { state: 'deleting', readers: [], files: [], pendingDeletion: [removal] } as const
    const asset = await Asset.findOneAndUpdate({ _id }, change, { returnDocument: 'after' }).orFail().lean()
    return { asset, removal }
  }

  it('settleRemoval – repeated, at the same time and later → subtracted once', async () => {
    await uploadAsset(ada)
    const { asset, removal } = await dieRemoving()
    await Promise.all(Array.from({ length: 8 }, () => settleRemoval(ada.user._id, removal, [])))
    await settleRemoval(ada.user._id, removal, [])
    await deletePending(app.store, asset)
    await expectExact()
  })

  it('settleRemoval – process with an old copy of the asset, after the removal was finished → not subtracted again', async () => {
    await uploadAsset(ada)
    const { asset, removal } = await dieRemoving()
    await deletePending(app.store, asset)
    for (let n = 0; n < 3; n++) await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    await settleRemoval(ada.user._id, removal, [])
    await deletePending(app.store, asset)
    await expectExact()
  })

  it('DELETE /api/assets/:assetId – many deletions, one after another and at once → ledgers list few of them', async () => {
    const assets = []
    for (let n = 0; n < 24; n++) assets.push(await uploadAsset(ada))
    for (const { id } of assets.slice(0, 8)) await ada.delete(`/api/assets/${id}`).expect(204)
    for (const space of await spaces()) expect(listed(space)).to.have.length(1)
    await Promise.all(assets.slice(8, 20).map(({ id }) => ada.delete(`/api/assets/${id}`).expect(204)))
    await Promise.all([
      ...assets.slice(20).map(({ id }) => ada.delete(`/api/assets/${id}`).expect(204)),
      sweep(app.context),
      sweep(app.context),
    ])
    await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    for (const space of await spaces()) expect(listed(space)).to.have.length(1)
    await expectExact()
  })

  it('settleRemoval – an older removal is not finished → both counted once, later ones too', async () => {
    const { asset } = await dieRemoving()
    for (let n = 0; n < 3; n++) await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    for (const space of await spaces()) expect(listed(space)).to.have.length(3)
    await sweep(app.context)
    expect(await Asset.exists({ _id: asset._id })).to.equal(null)
    await expectExact()
    await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    for (const space of await spaces()) expect(listed(space)).to.have.length(1)
  })

  it('settleRemoval – removal withdrawn → later ones do not wait for it', async () => {
    withdrawDeletion(ada.user._id, announceDeletion(ada.user._id, [], 0, new Date()))
    for (let n = 0; n < 2; n++) await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    for (const space of await spaces()) expect(listed(space)).to.have.length(1)
  })

  it('settleRemoval – upload of the asset is committed but not settled → both counted once', async () => {
    const { asset, removal } = await dieRemoving()
    const upload = { id: 'a-dead-upload', bytes: 9000, slack: 0, files: 1 }
    const quota = { limit: 1e9, fileLimit: 1000 }
    for (const [model, id] of [
      [User, ada.user._id],
      [Capacity, SERVER],
    ] as const)
      await model.reserve(id, upload, quota)
    const uncounted = { $inc: { 'space.used': -removal.bytes, 'space.files': -1 } }
    await User.updateOne({ _id: ada.user._id }, uncounted)
    await Capacity.updateOne({ _id: SERVER }, uncounted)
    const unsettled = { id: upload.id, bytes: removal.bytes, files: 1 }
    await Asset.updateOne({ _id: asset._id }, { $set: { unsettled: [unsettled] } })
    await sweep(app.context)
    expect(await Asset.countDocuments()).to.equal(0)
    await expectExact()
  })

  it('reconcile – counted removals of a process that ended more than a day ago → forgotten', async () => {
    await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    const [process = ''] = Object.keys((await User.spaceOf(ada.user._id))?.settled ?? {})
    await User.updateOne({ _id: ada.user._id }, { [`space.settled.${process}.at`]: new Date(0) })
    for await (const discrepancy of reconcile({ fix: true, before: new Date() }))
      expect.fail(JSON.stringify(discrepancy))
    expect((await User.spaceOf(ada.user._id))?.settled).to.deep.equal({})
    expect(Object.keys((await Capacity.spaceOf(SERVER))?.settled ?? {})).to.deep.equal([process])
  })

  it('reconcile – counted removals that a ledger lists needlessly → listed no more, still not subtracted again', async () => {
    await uploadAsset(ada)
    const { asset, removal } = await dieRemoving()
    await deletePending(app.store, asset)
    // what a process leaves that has forgotten an owner in between
    for (let n = 0; n < 2; n++) await ada.delete(`/api/assets/${(await uploadAsset(ada)).id}`).expect(204)
    const [process, number] = removal.id.split('-')
    const forgotten = { [`space.settled.${process}.numbers.n${number}`]: true }
    await User.updateOne({ _id: ada.user._id }, { $set: forgotten })
    for await (const discrepancy of reconcile({ fix: true, before: new Date() }))
      expect.fail(JSON.stringify(discrepancy))
    for (const space of await spaces()) expect(listed(space)).to.have.length(1)
    await settleRemoval(ada.user._id, removal, [])
    await expectExact()
  })
})

const listed = (space: Awaited<ReturnType<typeof User.spaceOf>>) =>
  Object.values(space?.settled ?? {}).flatMap(({ numbers = {} }) => Object.keys(numbers))
