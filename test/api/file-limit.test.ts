import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { keysOf } from '../support/app/state.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const twoFiles = { 'a.bin': Buffer.from('a'), 'b.bin': Buffer.from('b') }

describe('the limit of files', () => {
  let app: TestApp
  let ada: TestUser
  let admin: TestUser

  before(async () => {
    app = await startApp({ env: { USER_FILES: '5' } })
    ada = await signUp(app, 'ada')
    admin = await signUpAdmin(app, 'root')
  })
  after(() => app.stop())

  const space = async () => (await ada.get('/api/space').expect(200)).body.res
  const upload = (files: Record<string, Buffer>) => {
    const request = ada.post('/api/assets')
    for (const [name, content] of Object.entries(files)) request.attach('files', content, name)
    return request
  }

  it('GET /api/space – no limit of the user → configured limit', async () => {
    expect(await space()).to.include({ files: 0, fileLimit: 5 })
    expect((await ada.get('/api/users/me')).body.res.user.space).to.include({ files: 0, fileLimit: 5 })
  })

  it('POST /api/assets – files fill the limit exactly → 201, one more → 507 and nothing stays', async () => {
    await uploadAsset(ada, {}, twoFiles)
    await uploadAsset(ada, {}, { ...twoFiles, 'empty.bin': Buffer.alloc(0) })
    const [keys, assets] = [await keysOf(app), await Asset.countDocuments()]
    const { body } = await upload({ 'empty.bin': Buffer.alloc(0) }).expect(507)
    expect(body.err.code).to.equal('space_exceeded')
    expect(await keysOf(app)).to.deep.equal(keys)
    expect(await Asset.countDocuments()).to.equal(assets)
    expect(await space()).to.include({ files: 5, reserved: 0 })
    expect((await User.spaceOf(ada.user._id))?.reservedFiles).to.equal(0)
  })

  it('POST /api/assets – the second file of two passes the limit → 507 and neither stays', async () => {
    await admin
      .patch(`/api/users/${ada.user._id}`)
      .send({ space: { fileLimit: 6 } })
      .expect(200)
    const keys = await keysOf(app)
    await upload(twoFiles).expect(507)
    expect(await keysOf(app)).to.deep.equal(keys)
    expect(await space()).to.include({ files: 5, fileLimit: 6, reserved: 0 })
  })

  it('POST /api/assets – twenty at a time with room for seven → seven', async () => {
    await admin
      .patch(`/api/users/${ada.user._id}`)
      .send({ space: { fileLimit: 12 } })
      .expect(200)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => upload({ [`${n}.bin`]: Buffer.from('x') })),
    )
    expect(answers.filter(({ status }) => status === 201)).to.have.length(7)
    expect(answers.filter(({ status }) => status === 507)).to.have.length(13)
    expect(await space()).to.include({ files: 12, reserved: 0 })
    expect((await User.spaceOf(ada.user._id))?.reservedFiles).to.equal(0)
  })

  it('PATCH /api/users/:id – null → the limits of the configuration', async () => {
    await admin
      .patch(`/api/users/${ada.user._id}`)
      .send({ space: { limit: 7, fileLimit: null } })
      .expect(200)
    expect(await space()).to.include({ limit: 7, fileLimit: 5 })
    await admin
      .patch(`/api/users/${ada.user._id}`)
      .send({ space: { limit: null } })
      .expect(200)
    expect(await space()).to.include({ limit: app.context.config.space.quota.limit, fileLimit: 5 })
    await admin.patch(`/api/users/${ada.user._id}`).send({ space: {} }).expect(200)
    expect(await space()).to.include({ limit: app.context.config.space.quota.limit, fileLimit: 5 })
    for (const wrong of [{ limit: -1 }, { fileLimit: 1.5 }, { fileLimit: '5' }, { files: 1 }])
      await admin.patch(`/api/users/${ada.user._id}`).send({ space: wrong }).expect(400)
  })
})
