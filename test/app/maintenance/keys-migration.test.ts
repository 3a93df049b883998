import { expect } from 'chai'
import { keys as migration } from '../../../app/maintenance/migrations/0003-keys.ts'
import { find } from '../../../app/maintenance/migrations/0006-find.ts'
import { Asset } from '../../../models/asset.ts'
import { KEYS_FORM, keysOf } from '../../../models/asset-keys.ts'
import { setSearchForm } from '../../../models/search-form.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset, uploadAsset } from '../../support/app/assets.ts'
import { buildFormerTextIndex } from '../../support/app/former-text-index.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

const MANY = 600

describe('migration 0003-keys', function () {
  this.timeout(120_000)
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  afterEach(() => setSearchForm('words'))
  after(() => app.stop())

  const QUERIES = [
    'tag=wood',
    'type=3D&scope=mine',
    'media=model&sort=name',
    'visibility=public',
    '',
    'q=oak&tag=wood',
  ]

  async function search() {
    const answers = await Promise.all(
      QUERIES.map((query) => ada.get(`/api/assets?${query}&count=1&facets=1`).expect(200)),
    )
    return answers.map(({ body }) => ({ ...body.res, next: typeof body.res.next }))
  }

  it('up – assets of an older release, one changes meanwhile → all have keys; searches find the same before and after', async () => {
    setSearchForm('fields')
    await buildFormerTextIndex()
    for (const n of Array(MANY).keys())
      await insertAsset(ada.user, {
        name: `Oak ${n}`,
        tags: n % 2 ? ['wood'] : [],
        type: n % 3 ? '3D' : '2D',
        media: 'model',
        visibility: n % 5 ? 'public' : 'private',
      })
    const upload = await uploadAsset(ada, { name: 'Elm' })
    await Asset.collection.updateMany({}, { $unset: { keys: '', keysForm: '' } })
    const before = await search()
    expect(before[0].total).to.equal(MANY / 2)

    let batches = 0
    const checkpoint = () => {
      batches++
    }
    const [last] = await Asset.find().sort({ _id: -1 }).limit(1)
    const change = async () => {
      await ada
        .patch(`/api/assets/${last?._id}`)
        .send({ tags: ['moved'] })
        .expect(200)
      // a change that does not write the keys
      await Asset.updateOne({ _id: upload.id }, { $inc: { version: 1 } })
    }
    await Promise.all([migration.up({ checkpoint, report: () => undefined }), change()])
    expect(batches).to.be.greaterThan(2)
    await find.up({ checkpoint, report: () => undefined })
    for (const asset of await Asset.find().lean()) {
      expect(asset.keys).to.have.members(keysOf({ ...asset, allFiles: asset.files }))
      expect(asset.keysForm).to.equal(KEYS_FORM)
    }
    await ada.patch(`/api/assets/${last?._id}`).send({ tags: last?.tags }).expect(200)
    setSearchForm('words')
    const tail = await search()
    for (const [n, { facets, total, assets }] of tail.entries()) {
      expect({ facets, total }, QUERIES[n]).to.deep.equal({
        facets: before[n].facets,
        total: before[n].total,
      })
      expect(assets.length, QUERIES[n]).to.equal(before[n].assets.length)
    }
  })
})
