import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { storeWaitingTerms } from '../../models/term-writer.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

/** With a bidi override, a zero-width space, a soft hyphen, a decomposed accent and outer blanks. */
const GIVEN = ' ca\u200bf\u00ade\u0301\u202e \n'
const KEPT = 'café'
const INVISIBLE = ['\u200b', '\u202e\u2066', ' \u3164 ', '\u2800', '\u00ad']

describe('names', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  let projectId: string
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, { name: GIVEN, tags: `${GIVEN}, CAFÉ` })
    const { body } = await ada.post('/api/projects').send({ title: GIVEN }).expect(201)
    projectId = body.res.project.id
  })
  after(() => app.stop())

  it('POST /api/assets – invisible characters in name, tags and file name → removed', async () => {
    const stored = await Asset.findById(asset.id).orFail().lean()
    expect(stored).to.deep.include({ name: KEPT, tags: [KEPT] })
    const named = await uploadAsset(ada, {}, { 'ca\u200bfe\u0301\u202e.obj': Buffer.from('v 0 0 0\n') })
    expect(named.files[0]?.name).to.equal('café.obj')
  })

  it('POST /api/projects – invisible characters in title → removed', async () => {
    expect((await Project.findById(projectId).orFail().lean()).title).to.equal(KEPT)
  })

  it('PATCH /api/assets/:id – invisible characters in name and tags → removed', async () => {
    await ada
      .patch(`/api/assets/${asset.id}`)
      .send({ name: `2${GIVEN}`, tags: [`2${GIVEN}`] })
      .expect(200)
    const stored = await Asset.findById(asset.id).orFail().lean()
    expect(stored).to.deep.include({ name: '2 café', tags: ['2 café'] })
  })

  it('PATCH /api/users/me – invisible characters in any name → removed', async () => {
    const names = { name: GIVEN, firstName: GIVEN, lastName: GIVEN }
    await ada.patch('/api/users/me').send(names).expect(200)
    const stored = await User.findById(ada.user._id).orFail().lean()
    expect(stored).to.include({ name: KEPT, firstName: KEPT, lastName: KEPT })
  })

  for (const name of INVISIBLE)
    it(`PATCH /api/assets/:id – name ${JSON.stringify(name)} → 400, nothing changes`, async () => {
      // removes the mark of an asset whose words wait
      await storeWaitingTerms()
      const before = await Asset.findById(asset.id).lean()
      const fieldOf = async (request: ReturnType<TestUser['patch']>, fields: object) =>
        (await request.send(fields).expect(400)).body.err.details[0].field
      expect(await fieldOf(ada.patch(`/api/assets/${asset.id}`), { name })).to.equal('name')
      expect(await fieldOf(ada.patch(`/api/projects/${projectId}`), { title: name })).to.equal('title')
      expect(await fieldOf(ada.patch('/api/users/me'), { firstName: name })).to.equal('firstName')
      expect(await Asset.findById(asset.id).lean()).to.deep.equal(before)
    })
})
