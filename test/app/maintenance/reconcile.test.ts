import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { announceDeletion } from '../../../app/assets/pending-deletion.ts'
import { removeAsset } from '../../../app/assets/remove.ts'
import { type Discrepancy, reconcile } from '../../../app/maintenance/reconcile.ts'
import { Asset } from '../../../models/asset.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { removalNumber } from '../../../models/plugins/settled-removals.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

/** Limits of users without limits of their own. */
const QUOTA = { limit: 5e10, fileLimit: 1000 }

async function runReconcile(fix = true, before = new Date()): Promise<Discrepancy[]> {
  const found: Discrepancy[] = []
  for await (const discrepancy of reconcile({ fix, before })) found.push(discrepancy)
  return found
}

describe('reconcile', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(1000), 'b.png': await png() })
    const { id } = await uploadAsset(bob, {}, { 'c.bin': Buffer.alloc(500) })
    await bob
      .post(`/api/assets/${id}/images`)
      .attach('images', await png(), 'front.png')
      .expect(201)
  })
  after(() => app.stop())

  it('reconcile – after uploads → no difference, no change', async () => {
    const before = await stateOf(app)
    expect(await runReconcile()).to.deep.equal([])
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('reconcile – wrong sums → reported, corrected with --fix', async () => {
    const right = await User.spaceOf(ada.user._id)
    await User.updateOne({ _id: ada.user._id }, { $inc: { 'space.used': 77, 'space.files': 3 } })
    await Capacity.updateOne({ _id: SERVER }, { $inc: { 'space.reserved': 5 } })
    expect((await runReconcile(false)).map(({ username }) => username)).to.deep.equal(['ada', null])
    const [user] = await runReconcile()
    expect(user?.was.used).to.equal(Number(right?.used) + 77)
    expect(user?.is).to.deep.equal({ used: right?.used, reserved: 0, files: 2, reservedFiles: 0 })
    expect(await runReconcile()).to.deep.equal([])
    expect((await Capacity.spaceOf(SERVER))?.reserved).to.equal(0)
    expect((await Capacity.spaceOf(SERVER))?.used).to.equal(await storedBytes(app))
  })

  it('reconcile – orphaned reservations → closed, young ones kept', async () => {
    const earlier = { id: randomUUID(), bytes: 300, slack: 0, files: 0, at: new Date() }
    await User.updateOne(
      { _id: bob.user._id },
      { $inc: { 'space.reserved': 300 }, $push: { 'space.open': earlier } },
    )
    const entry = { id: randomUUID(), bytes: 300, slack: 0, owner: bob.user._id }
    await Capacity.reserve(SERVER, entry, QUOTA)
    expect(await runReconcile(true, new Date(Date.now() - 60_000))).to.deep.equal([])
    expect((await User.spaceOf(bob.user._id))?.reserved).to.equal(300)
    expect((await Capacity.spaceOf(SERVER))?.reserved).to.equal(300)
    const found = await runReconcile()
    expect(found.map(({ username, orphans }) => [username, orphans])).to.deep.equal([
      ['bob', 1],
      [null, 1],
    ])
    for (const space of [await User.spaceOf(bob.user._id), await Capacity.spaceOf(SERVER)])
      expect(space).to.deep.include({ reserved: 0, open: [], uploads: [] })
  })

  it('reconcile – between any two steps of an upload or removal → no false correction', async () => {
    const { id } = await uploadAsset(ada, {}, { 'd.bin': Buffer.alloc(2000) })
    const asset = await Asset.findById(id).orFail().lean()
    const used = (await User.spaceOf(ada.user._id))?.used

    // Committed but not settled, then settled in the server's ledger only.
    const upload = { id: randomUUID(), bytes: 9000, slack: 0, asset: asset._id, createsAsset: true }
    const unsettled = { id: upload.id, bytes: 2000, files: 1 }
    await User.reserve(ada.user._id, upload, QUOTA)
    await Capacity.reserve(SERVER, upload, QUOTA)
    await User.updateOne({ _id: ada.user._id }, { $inc: { 'space.used': -2000, 'space.files': -1 } })
    await Capacity.updateOne({ _id: SERVER }, { $inc: { 'space.used': -2000, 'space.files': -1 } })
    await Asset.updateOne({ _id: id }, { $push: { unsettled } })
    const long = new Date(Date.now() - 60_000)
    expect(await runReconcile(true, long)).to.deep.equal([])
    await Capacity.settle(SERVER, upload.id, unsettled)
    expect(await runReconcile(true, long)).to.deep.equal([])
    await User.settle(ada.user._id, upload.id, unsettled)
    expect(await runReconcile(true, long)).to.deep.equal([])
    await Asset.updateOne({ _id: id }, { $set: { unsettled: [] } })
    expect(await runReconcile(true, long)).to.deep.equal([])

    // Marked for deletion but not settled, then settled in the server's ledger only.
    const deletion = announceDeletion(asset.owner, asset.files, 1, new Date())
    await Asset.updateOne({ _id: id }, { $set: { files: [], pendingDeletion: [deletion] } })
    expect(await runReconcile()).to.deep.equal([])
    const number = removalNumber(deletion.id)
    if (!number) throw new Error('no number')
    expect(await Capacity.settleRemoval(SERVER, number, deletion)).to.equal(true)
    expect(await runReconcile()).to.deep.equal([])
    expect(await User.settleRemoval(ada.user._id, number, deletion)).to.equal(true)
    expect(await runReconcile()).to.deep.equal([])
    expect(await User.settleRemoval(ada.user._id, number, deletion)).to.equal(false)
    await app.store.remove(deletion.keys)
    await Asset.updateOne({ _id: id }, { $set: { pendingDeletion: [] } })
    expect(await runReconcile()).to.deep.equal([])
    expect((await User.spaceOf(ada.user._id))?.used).to.equal(Number(used) - 2000)
    await removeAsset(app.context, await wholeAsset(String(id)), ada, {})
    expect(await runReconcile()).to.deep.equal([])
  })

  it('reconcile – uploads change the ledger meanwhile → not overwritten', async () => {
    let isRunning = true
    const uploading = (async () => {
      let count = 0
      for (; isRunning; count++) await uploadAsset(bob, {}, { 'e.bin': Buffer.alloc(100) })
      return count
    })()
    for (let round = 0; round < 5; round++) expect(await runReconcile()).to.deep.equal([])
    isRunning = false
    expect(await uploading).to.be.greaterThan(0)
    expect(await runReconcile()).to.deep.equal([])
    expect((await Capacity.spaceOf(SERVER))?.used).to.equal(await storedBytes(app))
  })
})
