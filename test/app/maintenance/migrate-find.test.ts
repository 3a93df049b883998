import { expect } from 'chai'
import { find as migration } from '../../../app/maintenance/migrations/0006-find.ts'
import { Asset } from '../../../models/asset.ts'
import { KEYS_FORM, keysOf } from '../../../models/asset-keys.ts'
import { type SearchForm, setSearchForm } from '../../../models/search-form.ts'
import { Term } from '../../../models/term.ts'
import { forgetStoredTerms, storeWaitingTerms } from '../../../models/term-writer.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset } from '../../support/app/assets.ts'
import { buildFormerTextIndex } from '../../support/app/former-text-index.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

const MANY = 20
/** How often the previous release writes during the migration. */
const WRITES = 3

describe('migration 0006-find', function () {
  this.timeout(120_000)
  let app: TestApp
  let ada: TestUser

  beforeEach(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    setSearchForm('keys')
  })
  afterEach(async () => {
    setSearchForm('words')
    await app.stop()
  })

  /** Stores assets as the previous release does: its keys have no words, and no process knows their words. */
  async function plantFormer(count: number, name: (n: number) => string): Promise<void> {
    const one = await insertAsset(ada.user, { name: 'Chair', visibility: 'public' })
    const documents = Array.from({ length: count }, (_, n) => ({
      ...one,
      _id: new Asset()._id,
      name: name(n),
      words: { name: name(n).toLowerCase(), tags: [], description: '' },
      ...{
        keys: one.keys.filter((key) => !/^(?:word|name|title|stem):/.test(key)),
        keysForm: 1,
        termsDue: undefined,
      },
    }))
    await Asset.deleteOne({ _id: one._id })
    await Asset.collection.insertMany(documents, { ignoreUndefined: true })
    await storeWaitingTerms()
    await Term.deleteMany({})
    forgetStoredTerms()
  }

  const search = async (q: string) => {
    const { body } = await app.api.get(`/api/assets?q=${q}&count=1`).expect(200)
    return body.res.total as number
  }

  const run = (checkpoint: () => void = () => undefined) =>
    migration.up({ checkpoint, report: () => undefined })

  it('up – process ends when the words of a batch are stored, or before → repeated run stores the words of every asset', async () => {
    await plantFormer(20, (n) => `Schreibtischlampe ${n}`)
    const { addAll } = Term
    for (const isStored of [false, true]) {
      Term.addAll = async (terms) => {
        if (isStored) await addAll.call(Term, terms)
        throw new Error('killed')
      }
      const error = await run().then(String, String)
      Term.addAll = addAll
      expect(error).to.contain('killed')
      expect(await Asset.countDocuments({ keysForm: KEYS_FORM })).to.equal(0)
      forgetStoredTerms()
    }
    await run()
    setSearchForm('words')
    for (const q of ['lampe', 'schreibti']) expect(await search(q), q).to.equal(20)
  })

  it('up – previous release writes beside it, searches at every batch → searches find all by the former index, then by words', async () => {
    await buildFormerTextIndex()
    await plantFormer(MANY, (n) => `Armchair ${n}`)
    const [{ _id: first }, last] = await Promise.all([
      Asset.findOne().sort({ _id: 1 }).orFail().lean(),
      Asset.findOne().sort({ _id: -1 }).orFail().lean(),
    ])
    const found: Promise<number>[] = []
    const written: Promise<unknown>[] = []
    const formerWrite = { $set: { keys: last.keys, keysForm: 1 }, $inc: { version: 1 } }
    await run(() => {
      found.push(search('armchair'))
      if (found.length > WRITES) return
      // a converted asset, one that waits, and a new one
      for (const _id of [first, last._id]) written.push(Asset.collection.updateOne({ _id }, formerWrite))
      written.push(Asset.collection.insertOne({ ...last, _id: new Asset()._id, createdAt: new Date() }))
    })
    await Promise.all(written)
    const all = MANY + written.length / 3
    for (const total of await Promise.all(found)) expect(total).to.be.at.least(MANY)
    expect(await search('armchair')).to.equal(all)
    // the job that runs every hour
    await run()
    setSearchForm('words')
    for (const q of ['armchair', 'armch', 'chair']) expect(await search(q), q).to.equal(all)
    for (const asset of await Asset.find({ _id: { $in: [first, last._id] } }).lean())
      expect(asset.keys).to.have.members(keysOf({ ...asset, allFiles: asset.files }))
  })

  it('GET /api/assets?q – migration complete, not noticed yet → finds what a process that noticed it stores', async () => {
    let stored: SearchForm = 'keys'
    setSearchForm('keys', async () => stored)
    await buildFormerTextIndex()
    await plantFormer(1, () => 'Armchair')
    expect(await search('armchair')).to.equal(1)
    await run()
    stored = 'words'
    const { _id } = await insertAsset(ada.user, { name: 'Armchair', visibility: 'public' })
    await Asset.updateOne({ _id }, { $unset: { words: '' } })
    expect(await search('armchair')).to.equal(2)
  })

  it('GET /api/assets?cursor – page of the former index, words complete meanwhile → 400, not a wrong page', async () => {
    await buildFormerTextIndex()
    await plantFormer(3, (n) => `Armchair ${n}`)
    const page = '/api/assets?q=armchair&limit=1'
    const { body } = await app.api.get(page).expect(200)
    await app.api.get(`${page}&cursor=${body.res.next}`).expect(200)
    await run()
    setSearchForm('words')
    await app.api.get(`${page}&cursor=${body.res.next}`).expect(400)
    const { body: again } = await app.api.get(page).expect(200)
    const { body: second } = await app.api.get(`${page}&cursor=${again.res.next}`).expect(200)
    expect(second.res.assets).to.have.length(1)
  })
})
