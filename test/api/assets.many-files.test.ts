import { expect } from 'chai'
import { uniqueNames } from '../../app/assets/zip.ts'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { signUp } from '../support/app/users.ts'
import { filesOf, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

describe('MAX_FILES', () => {
  it('POST, PUT – one file more than MAX_FILES → 413', async () => {
    const app = await startApp({ env: { MAX_FILES: '2' } })
    try {
      const ada = await signUp(app, 'ada')
      const { id } = await uploadAsset(ada, {}, filesOf(2))
      for (const request of [ada.post('/api/assets'), ada.put(`/api/assets/${id}/files`)]) {
        for (const [name, bytes] of Object.entries(filesOf(3))) request.attach('files', bytes, name)
        const { body } = await request.expect(413)
        expect(body.err.message).to.contain('at most 2 files')
      }
    } finally {
      await app.stop()
    }
  })
})

describe('cover of a file set', () => {
  let app: TestApp

  before(async () => {
    app = await startApp({ coverWaitMs: 0 })
  })
  after(() => app.stop())

  it('cover – the only image is the 25th file → added late, resumed and listed as an image', async () => {
    const ada = await signUp(app, 'ada')
    const files = { ...filesOf(24), 'cat.png': await png({ width: 600, height: 600 }) }
    const { id } = await uploadAsset(ada, {}, files)
    const coverOf = async () => (await Asset.findById(id).orFail().lean()).cover
    await eventually(async () => expect(await coverOf()).to.include.keys('key'))
    await Asset.updateOne(
      { _id: id },
      { $set: { cover: null, jobs: { cover: { at: new Date(0), starts: 1 } } } },
    )
    await app.context.covers.resume()
    expect(await coverOf()).to.include.keys('key')
    const { body } = await ada.get('/images').expect(200)
    expect(body.res.images[0].data.name).to.equal('cat.png')
  })
})

describe('space of many files', () => {
  it('POST /api/assets – 150 files fill USER_FILES exactly → 201, then one more → 507', async () => {
    const app = await startApp({ env: { USER_FILES: '150' } })
    try {
      const ada = await signUp(app, 'ada')
      await uploadAsset(ada, {}, filesOf(150))
      await ada.post('/api/assets').attach('files', Buffer.from('x'), 'x.bin').expect(507)
      expect(await User.spaceOf(ada.user._id)).to.include({ files: 150, reserved: 0, reservedFiles: 0 })
    } finally {
      await app.stop()
    }
  })

  it('POST /api/assets – 1,000 files of 100 bytes, plenty of room → at most 40 commands', async () => {
    const app = await startApp({ uri: await monitoredUri() })
    try {
      const ada = await signUp(app, 'ada')
      const commands = await monitorCommands(() => uploadAsset(ada, {}, filesOf(1000)))
      expect(commands.length, commands.join(', ')).to.be.within(10, 40)
    } finally {
      await app.stop()
    }
  })
})

describe('uniqueNames', () => {
  it('uniqueNames – 1,000 equal names in any case → numbered, all different', () => {
    const names = uniqueNames(Array.from({ length: 1000 }, (_, n) => (n % 2 ? 'Oak.png' : 'oak.png')))
    expect(new Set(names.map((name) => name.toLowerCase())).size).to.equal(1000)
    expect([names[0], names[1], names[999]]).to.deep.equal(['oak.png', 'Oak (2).png', 'Oak (1000).png'])
    expect(uniqueNames(['a (2)', 'a', 'a', 'a'])).to.deep.equal(['a (2)', 'a', 'a (3)', 'a (4)'])
  })
})
