import { expect } from 'chai'
import { Types } from 'mongoose'
import { nfc as migration } from '../../../app/maintenance/migrations/0005-nfc.ts'
import { Asset, type AssetFields, describeWords, normalizeTags } from '../../../models/asset.ts'
import { keysOf } from '../../../models/asset-keys.ts'
import { FileSet } from '../../../models/file-set.ts'
import { Link } from '../../../models/link.ts'
import { Project } from '../../../models/project.ts'
import { storeWaitingTerms } from '../../../models/term-writer.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { type AssetAnswer, uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { obj } from '../../support/data/samples.ts'

const RAW = 'cafe\u0301'
const NFC = 'café'

describe('migration 0005-nfc', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let lines: string[]
  beforeEach(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    lines = []
  })
  afterEach(() => app.stop())

  const report = (line: string) => void lines.push(line)
  const migrate = (checkpoint: () => void = () => undefined) => migration.up({ report, checkpoint })
  const snapshot = async () => {
    // removes the marks of assets whose words wait
    await storeWaitingTerms()
    const models = [Asset, FileSet, Link, Project, User]
    return Promise.all(models.map((model) => model.collection.find().sort({ _id: 1 }).toArray()))
  }
  /** Sets fields of an asset as an earlier release stored them. */
  const store = (id: string, fields: object) =>
    Asset.collection.updateOne({ _id: new Types.ObjectId(id) }, { $set: fields })
  const older = async (fields: Record<string, string> = {}): Promise<AssetAnswer> => {
    const asset = await uploadAsset(ada, { name: 'x', ...fields }, { 'x.obj': obj() })
    const tags = [RAW, NFC, 'straße', 'strasse', 'wood']
    await store(asset.id, {
      ...{
        name: ` ${RAW}\u202e`,
        description: RAW,
        tags,
        localPath: `/${RAW}`,
        'files.0.name': `${RAW}.obj`,
      },
      keys: ['all', ...tags.map((tag) => `tag:${tag}`)],
    })
    return asset
  }
  const expectNew = async (id: string) => {
    const asset = await wholeAsset(id)
    const tags = [NFC, 'straße', 'wood']
    expect(asset).to.deep.include({ name: NFC, description: NFC, tags, localPath: `/${NFC}` })
    expect(asset.files[0]?.name).to.equal(`${NFC}.obj`)
    expect(asset).to.deep.include(describeWords({ name: NFC, description: NFC, tags }))
    expect(asset.keys).to.have.members(keysOf(asset))
    return asset
  }

  it('up – asset in decomposed form → new form, tags merged, found; bytes and times stay; repeated → no change', async () => {
    const { id, files } = await older()
    const before = await wholeAsset(id)
    await migrate()
    const after = await expectNew(id)
    expect(after.version).to.equal(before.version + 1)
    const { name, ...file } = after.files[0] ?? { name: '' }
    expect({ ...file, name: `${RAW}.obj` }).to.deep.equal(before.files[0])
    for (const field of ['updatedAt', 'createdAt', 'readers', 'size', 'visibilityEpoch'] as const)
      expect(after[field], field).to.deep.equal(before[field])
    for (const query of [`tag=${encodeURIComponent(RAW)}`, 'tag=STRASSE', `q=${encodeURIComponent(NFC)}`]) {
      const { body } = await ada.get(`/api/assets?scope=mine&${query}`).expect(200)
      expect(body.res.assets, query).to.have.length(1)
    }
    await ada.get(files[0]?.url ?? '').expect(200)
    const done = await snapshot()
    await migrate()
    expect(await snapshot()).to.deep.equal(done)
  })

  it('up – file set with decomposed names → set and keys in the new form', async () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`f${n}.obj`, obj()]))
    const { id } = await uploadAsset(ada, { name: 'Many' }, files)
    const set = await FileSet.findOne({ asset: id }).orFail()
    await FileSet.collection.updateOne({ _id: set._id as never }, { $set: { 'files.24.name': `x.${RAW}` } })
    await migrate()
    const asset = await wholeAsset(id)
    expect(asset.allFiles[24]?.name).to.equal(`x.${NFC}`)
    expect(asset.keys).to.include(`ext:${NFC}`).and.have.members(keysOf(asset))
    const done = await snapshot()
    await migrate()
    expect(await snapshot()).to.deep.equal(done)
  })

  it('up – titles, labels and names in decomposed form → new form', async () => {
    const { id } = await uploadAsset(ada)
    await ada.post(`/api/assets/${id}/links`).send({ label: 'x', password: 'open sesame' }).expect(201)
    await ada.post('/api/projects').send({ title: 'x' }).expect(201)
    await Link.collection.updateOne({}, { $set: { label: RAW } })
    await Project.collection.updateOne({}, { $set: { title: ` ${RAW}` } })
    const raw = { name: RAW, firstName: RAW, lastName: RAW }
    await User.collection.updateOne({ _id: ada.user._id }, { $set: raw })
    const { passwordHash, tokenHash } = await Link.findOne().orFail().lean()
    await migrate()
    expect(await Link.findOne().lean()).to.include({ label: NFC, passwordHash, tokenHash })
    expect(await Project.findOne().lean()).to.include({ title: NFC })
    const user = await User.findById(ada.user._id).orFail().lean()
    expect(user).to.deep.include({ name: NFC, firstName: NFC, lastName: NFC })
    expect(user.searchKeys).to.deep.equal(['ada', 'cafe'])
  })

  it('up – ended after any command → a repeated run completes it', async () => {
    const gate = new CommandInterceptor()
    const ids = [(await older()).id, (await older()).id]
    const first = await snapshot()
    const commands = await gate.record(migrate)
    const done = await snapshot()
    const [documents = []] = first
    for (const end of commands.keys()) {
      for (const { _id, ...fields } of documents) await Asset.collection.replaceOne({ _id }, fields)
      await gate
        .before(end, async () => Promise.reject(new Error('killed')), migrate)
        .catch((error: Error) => expect(error.message).to.equal('killed'))
      await migrate()
      expect(await snapshot(), `killed before ${commands[end]}`).to.deep.equal(done)
    }
    gate.close()
    for (const id of ids) await expectNew(id)
  })

  it('up – an asset changes meanwhile → the change stays, in the new form', async () => {
    const { id } = await older()
    const gate = new CommandInterceptor()
    const commands = await gate.record(migrate)
    const { id: other } = await older()
    const change = async () => {
      await ada
        .patch(`/api/assets/${other}`)
        .send({ tags: ['moved'] })
        .expect(200)
    }
    await gate.before(commands.indexOf('assets.bulkWrite'), change, migrate)
    gate.close()
    await expectNew(id)
    const asset = await wholeAsset(other)
    expect(asset).to.deep.include({ name: NFC, description: NFC, tags: ['moved'] })
    expect(asset.keys).to.have.members(keysOf(asset))
  })

  it('up – more assets than a batch → all of them; those in the new form stay', async () => {
    const { id } = await older()
    const { _id, ...fields } = await Asset.collection
      .findOne()
      .then((found) => found as unknown as AssetFields)
    const copies = Array.from({ length: 1100 }, (_, n) => ({
      ...fields,
      _id: new Types.ObjectId(),
      ...(n % 2
        ? { name: 'Oak', description: '', tags: ['größe'], files: [], localPath: '', keys: ['tag:größe'] }
        : {}),
    }))
    await Asset.collection.insertMany(copies)
    await migrate()
    expect(await Asset.countDocuments({ name: NFC, tags: NFC, keys: `tag:${NFC}` })).to.equal(551)
    // only the key of the tag was missing
    const { version } = fields
    expect(await Asset.countDocuments({ name: 'Oak', tags: 'größe', keys: 'tag:grösse', version })).to.equal(
      550,
    )
    expect(normalizeTags(['größe', 'GRÖSSE'])).to.deep.equal(['größe'])
    await expectNew(id)
  })
})
