import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { checkStorage } from '../../../app/maintenance/check.ts'
import { describeFault, describeRemedy } from '../../../app/maintenance/finding.ts'
import { prefixOf } from '../../../app/uploads/keys.ts'
import { Asset } from '../../../models/asset.ts'
import { Upload } from '../../../models/upload.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('check of store and documents', () => {
  let app: TestApp
  let ada: TestUser
  let location: string

  beforeEach(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    location = await User.locate(ada.user._id)
    await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(1000), 'b.bin': Buffer.alloc(500) })
  })
  afterEach(() => app.stop())

  /** The kinds of what is found, and whether all of it was mended. */
  async function check(fix = false, graceMs = 0) {
    const found = []
    for await (const finding of checkStorage(app.context, { fix, graceMs })) found.push(finding)
    for (const { fault } of found)
      expect(`${describeFault(fault)}; ${describeRemedy(fault)}`).to.match(/ .*; .* /)
    return { kinds: found.map(({ fault }) => fault.kind).sort(), mended: found.every(({ mended }) => mended) }
  }
  const asset = () => Asset.findOne({ state: 'ready' }).orFail().lean()
  const clean = { kinds: [], mended: true }

  it('storage:check --fix – consistent store → no finding, no change', async () => {
    const before = await stateOf(app)
    expect(await check()).to.deep.equal(clean)
    expect(await check(true)).to.deep.equal(clean)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('storage:check – orphaned objects → found, removed with --fix; young or foreign objects kept', async () => {
    const [mine, gone] = [prefixOf(location, randomUUID()), prefixOf(randomUUID(), randomUUID())]
    await app.store.put(`${mine}1`, Buffer.from('x'))
    await app.store.put(`${gone}1`, Buffer.from('x'))
    await app.store.put('foreign/object', Buffer.from('x'))
    await app.store.put(`${location}/foreign`, Buffer.from('x'))
    expect(await check(true, 3_600_000)).to.deep.equal(clean)
    expect(await check()).to.deep.equal({ kinds: ['orphan', 'orphan'], mended: false })
    expect(await keysOf(app)).to.include(`${mine}1`)
    expect(await check(true)).to.deep.equal({ kinds: ['orphan', 'orphan'], mended: true })
    expect(await check()).to.deep.equal(clean)
    expect(await keysOf(app))
      .to.have.length(4)
      .and.to.include('foreign/object')
  })

  it('storage:check --fix – live upload → its objects stay', async () => {
    const upload = { _id: randomUUID(), owner: ada.user._id, asset: (await asset())._id }
    const prefix = prefixOf(location, upload._id)
    await Upload.begin({ ...upload, prefix })
    await app.store.put(`${prefix}1`, Buffer.from('x'))
    const { kinds } = await check(false, 0).then(({ kinds }) => ({
      kinds: kinds.filter((kind) => kind !== 'upload'),
    }))
    expect(kinds).to.deep.equal([])
  })

  it('storage:check --fix – missing objects or wrong sizes → reported, not repaired', async () => {
    const [first, second] = (await asset()).files.map(({ key }) => key)
    await app.store.remove([String(first)])
    await app.store.put(String(second), Buffer.from('short'))
    expect(await check(true)).to.deep.equal({ kinds: ['missing', 'size'], mended: false })
    expect((await asset()).files).to.have.length(2)
  })

  it('storage:check --fix – dead uploads, forgotten assets, begun removals → ended', async () => {
    const pending = { _id: new Types.ObjectId(), owner: ada.user._id }
    await Asset.create({ ...pending, createdAt: new Date(0), updatedAt: new Date(0) })
    const dead = { _id: randomUUID(), owner: ada.user._id, asset: pending._id }
    await uploadAsset(ada, {}, { 'c.bin': Buffer.alloc(100) })
    const put = await Asset.findOne({ 'files.name': 'c.bin' }).orFail().lean()
    const deletion = { id: randomUUID(), keys: put.files.map(({ key }) => key), bytes: 0, files: 0 }
    await Asset.updateOne({ _id: put._id }, { state: 'deleting', files: [], pendingDeletion: [deletion] })
    expect((await check()).kinds).to.deep.equal(['pending', 'removal', 'sums', 'sums'])
    await Upload.begin({ ...dead, asset: put._id, prefix: prefixOf(location, dead._id) })
    await Upload.updateOne({ _id: dead._id }, { heartbeatAt: new Date(0) })
    await app.store.put(`${prefixOf(location, dead._id)}1`, Buffer.from('x'))
    expect(await check(true)).to.deep.equal({
      kinds: ['pending', 'removal', 'sums', 'sums', 'upload'],
      mended: true,
    })
    expect(await check()).to.deep.equal(clean)
    expect(await Asset.countDocuments()).to.equal(1)
    expect((await User.spaceOf(ada.user._id))?.used).to.equal(1500)
    expect(await storedBytes(app)).to.equal(1500)
  })

  it('storage:check – assets of an account that does not exist → found', async () => {
    await User.deleteOne({ _id: ada.user._id })
    await signUp(app, 'bob')
    const { kinds, mended } = await check(true, 3_600_000)
    expect(kinds).to.include('ownerless')
    expect(mended).to.equal(false)
  })

  it('storage:check --fix – empty database → nothing removed', async () => {
    await User.deleteMany({})
    const refused = await check(true).catch((error: Error) => error.message)
    expect(refused).to.contain('is MONGODB_URI the right one?')
    expect(await keysOf(app)).to.have.length(2)
  })
})
