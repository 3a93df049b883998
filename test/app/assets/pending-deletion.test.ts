import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { pendingDeletion } from '../../../app/maintenance/migrations/0001-pending-deletion.ts'
import { reconcile } from '../../../app/maintenance/reconcile.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { Asset, type AssetFields } from '../../../models/asset.ts'
import { bytesOf, pendingDeletionOf } from '../../../models/asset-objects.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('objects to delete, beside processes of the release before', () => {
  let app: TestApp
  let ada: TestUser
  const context = { checkpoint: () => undefined, report: () => undefined }
  const assets = () => mongoose.connection.collection('assets')

  beforeEach(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  afterEach(() => app.stop())

  /** Stores an asset without the new field, as the release before does. */
  async function toFormer(asset: AssetFields, change: Partial<AssetFields> = {}): Promise<void> {
    const { pendingDeletion, ...former } = asset
    await assets().replaceOne({ _id: asset._id }, { ...former, ...change })
    expect(await assets().findOne({ _id: asset._id })).to.not.have.property('pendingDeletion')
  }

  /** Creates an asset with files that a process of the release before has marked for deletion. */
  async function dieInFormerRelease() {
    const { id } = await uploadAsset(ada)
    const asset = await Asset.findById(id).orFail().lean()
    const keys = asset.files.map(({ key }) => key)
    const entry = { id: randomUUID(), keys, bytes: bytesOf(asset.files), files: 1 }
    const open = { id: entry.id, bytes: 0, slack: 0, files: 0, at: new Date() }
    for (const collection of ['users', 'capacity'])
      await mongoose.connection
        .collection(collection)
        .updateMany({}, { $push: { 'space.open': open } as never })
    await toFormer(asset, { files: [], trash: [entry], version: 2 })
    return { id: asset._id, entry }
  }

  async function expectExact(): Promise<void> {
    const bytes = await storedBytes(app)
    const sums = { used: bytes, reserved: 0, open: [] }
    expect(await User.spaceOf(ada.user._id)).to.deep.include(sums)
    expect(await Capacity.spaceOf(SERVER)).to.deep.include(sums)
    for await (const discrepancy of reconcile({ fix: false, before: new Date() }))
      expect.fail(JSON.stringify(discrepancy))
  }

  for (const migrates of [false, true])
    it(`sweep – entry in the former form ${migrates ? 'after' : 'without'} the migration → deleted, space given back once`, async () => {
      const { id, entry } = await dieInFormerRelease()
      const before = await Asset.findById(id).orFail().lean()
      expect(pendingDeletionOf(before)).to.deep.equal([entry])
      if (migrates) {
        await pendingDeletion.up(context)
        await pendingDeletion.up(context)
        expect(await Asset.findById(id).lean()).to.deep.include({ pendingDeletion: [entry], trash: [entry] })
      }
      for await (const discrepancy of reconcile({ fix: false, before: new Date(0) }))
        expect.fail(JSON.stringify(discrepancy))

      await sweep(app.context)
      expect(await storedBytes(app)).to.equal(0)
      expect(pendingDeletionOf(await Asset.findById(id).orFail().lean())).to.deep.equal([])
      await expectExact()
    })

  it('sweep – entry that another release has finished → removed, not counted twice', async () => {
    const { id, entry } = await dieInFormerRelease()
    await pendingDeletion.up(context)
    await app.store.remove(entry.keys)
    for (const [ledger, account] of [
      [User, ada.user._id],
      [Capacity, SERVER],
    ] as const)
      await ledger.settle(account, entry.id, { bytes: -entry.bytes, files: -1 })
    await assets().updateOne({ _id: id }, { $set: { trash: [] } })
    await expectExact()

    await sweep(app.context)
    expect(await Asset.findById(id).lean()).to.deep.include({ pendingDeletion: [], trash: [] })
    await expectExact()
  })

  it('DELETE /api/assets/:assetId – asset stored by an older release → document, objects and space removed', async () => {
    const { id } = await uploadAsset(ada)
    await toFormer(await Asset.findById(id).orFail().lean())
    await ada.delete(`/api/assets/${id}`).expect(204)
    expect([await Asset.countDocuments(), await storedBytes(app)]).to.deep.equal([0, 0])
    await expectExact()
  })
})
