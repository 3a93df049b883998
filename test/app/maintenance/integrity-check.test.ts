import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { describeFinding, describeFix } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { uploadPrefix } from '../../../app/uploads/object-keys.ts'
import { Asset } from '../../../models/asset.ts'
import { FileSet } from '../../../models/file-set.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { keysOf, killUploads, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { filesOf } from '../../support/data/samples.ts'

const QUOTA = { limit: 1e9, fileLimit: 1000 }
/** An upload that has reserved nothing. */
const EMPTY = { bytes: 0, slack: 0, createsAsset: false }

describe('checkStorage', () => {
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

  /** Returns the kinds of all findings, and whether all were fixed. */
  async function check(fix = false, graceMs = 0) {
    const found = []
    for await (const result of checkStorage(app.context, { fix, graceMs })) found.push(result)
    for (const { finding } of found)
      expect(`${describeFinding(finding)}; ${describeFix(finding)}`).to.match(/ .*; .* /)
    return {
      kinds: found.map(({ finding }) => finding.kind).sort(),
      fixed: found.every(({ fixed }) => fixed),
    }
  }
  const asset = () => Asset.findOne({ state: 'ready' }).orFail().lean()
  const clean = { kinds: [], fixed: true }

  it('storage:check --fix – consistent store → no finding, no change', async () => {
    const before = await stateOf(app)
    expect(await check()).to.deep.equal(clean)
    expect(await check(true)).to.deep.equal(clean)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('storage:check – orphaned objects → found, removed with --fix; young or foreign objects kept', async () => {
    const [mine, gone] = [uploadPrefix(location, randomUUID()), uploadPrefix(randomUUID(), randomUUID())]
    await app.store.put(`${mine}1`, Buffer.from('x'))
    await app.store.put(`${gone}1`, Buffer.from('x'))
    await app.store.put('foreign/object', Buffer.from('x'))
    await app.store.put(`${location}/foreign`, Buffer.from('x'))
    expect(await check(true, 3_600_000)).to.deep.equal(clean)
    expect(await check()).to.deep.equal({ kinds: ['orphan', 'orphan'], fixed: false })
    expect(await keysOf(app)).to.include(`${mine}1`)
    expect(await check(true)).to.deep.equal({ kinds: ['orphan', 'orphan'], fixed: true })
    expect(await check()).to.deep.equal(clean)
    expect(await keysOf(app))
      .to.have.length(4)
      .and.to.include('foreign/object')
  })

  it('storage:check --fix – live upload → its objects stay', async () => {
    const upload = { ...EMPTY, id: randomUUID(), asset: (await asset())._id }
    const prefix = uploadPrefix(location, upload.id)
    await User.reserve(ada.user._id, upload, QUOTA)
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
    expect(await check(true)).to.deep.equal({ kinds: ['missing', 'size'], fixed: false })
    expect((await asset()).files).to.have.length(2)
  })

  it('storage:check --fix – stale uploads, orphaned assets, unfinished removals → cleaned up', async () => {
    const pending = { _id: new Types.ObjectId(), owner: ada.user._id }
    await Asset.create({ ...pending, createdAt: new Date(0), updatedAt: new Date(0) })
    const dead = { ...EMPTY, id: randomUUID() }
    await uploadAsset(ada, {}, { 'c.bin': Buffer.alloc(100) })
    const put = await Asset.findOne({ 'files.name': 'c.bin' }).orFail().lean()
    const deletion = { id: randomUUID(), keys: put.files.map(({ key }) => key), bytes: 0, files: 0 }
    await Asset.updateOne({ _id: put._id }, { state: 'deleting', files: [], pendingDeletion: [deletion] })
    expect((await check()).kinds).to.deep.equal(['pending', 'removal', 'usage', 'usage'])
    await User.reserve(ada.user._id, { ...dead, asset: put._id }, QUOTA)
    await killUploads()
    await app.store.put(`${uploadPrefix(location, dead.id)}1`, Buffer.from('x'))
    expect(await check(true)).to.deep.equal({
      kinds: ['pending', 'removal', 'upload', 'usage', 'usage'],
      fixed: true,
    })
    expect(await check()).to.deep.equal(clean)
    expect(await Asset.countDocuments()).to.equal(1)
    expect((await User.spaceOf(ada.user._id))?.used).to.equal(1500)
    expect(await storedBytes(app)).to.equal(1500)
  })

  it('storage:check – assets of an account that does not exist → reported', async () => {
    await User.deleteOne({ _id: ada.user._id })
    await signUp(app, 'bob')
    const { kinds, fixed } = await check(true, 3_600_000)
    expect(kinds).to.include('ownerless')
    expect(fixed).to.equal(false)
  })

  it('storage:check --fix – empty database → nothing removed', async () => {
    await User.deleteMany({})
    const refused = await check(true).catch((error: Error) => error.message)
    expect(refused).to.contain('is MONGODB_URI the right one?')
    expect(await keysOf(app)).to.have.length(2)
  })
})

describe('checkStorage of file sets', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  it('storage:check – a set of no asset → deleted; a lost set → reported, its objects are kept', async () => {
    const { id } = await uploadAsset(ada, {}, filesOf(21))
    const asset = await wholeAsset(id)
    const { files } = await FileSet.findById(asset.fileSet).orFail().lean()
    const stray = randomUUID()
    await FileSet.create({ _id: stray, asset: asset._id, by: ada.user._id, files })
    const check = async (fix: boolean) => {
      const found: string[] = []
      for await (const { finding } of checkStorage(app.context, { fix, graceMs: -1000 }))
        found.push(describeFinding(finding))
      return found
    }
    expect(await check(true)).to.deep.equal([`no asset names file set ${stray}`])
    expect(await check(true)).to.deep.equal([])
    await FileSet.deleteOne({ _id: asset.fileSet })
    const lost = `asset ${id} names file set ${asset.fileSet}, which is missing`
    expect(await check(true)).to.deep.equal([lost])
    expect(await check(false)).to.deep.equal([lost])
    await FileSet.create({ _id: String(asset.fileSet), asset: asset._id, by: ada.user._id, files })
    expect(await check(false)).to.deep.equal([])
  })
})
