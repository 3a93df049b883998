import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { backUp } from '../../../app/backup/back-up.ts'
import { restore } from '../../../app/backup/restore.ts'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { Asset } from '../../../models/asset.ts'
import { keysOf as assetKeysOf } from '../../../models/asset-keys.ts'
import { FileSet, MAX_EMBEDDED_FILES } from '../../../models/file-set.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { type AssetAnswer, uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { keysOf, killUploads, runningUploads, storedBytes } from '../../support/app/state.ts'
import { PASSWORD, signUp, type TestUser } from '../../support/app/users.ts'
import { filesOf, png } from '../../support/data/samples.ts'
import { unzip } from '../../support/data/zip.ts'
import { eventually } from '../../support/eventually.ts'

describe('file sets', function () {
  this.timeout(120_000)
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
  })
  beforeEach(async () => {
    ada = await signUp(app, `u${randomUUID().slice(0, 8)}`)
  })
  after(() => app.stop())

  const read = async ({ id }: { id: string }): Promise<AssetAnswer> =>
    (await ada.get(`/api/assets/${id}`).expect(200)).body.res.asset
  const replace = async ({ id }: { id: string }, files: Record<string, Buffer>): Promise<AssetAnswer> => {
    const request = ada.put(`/api/assets/${id}/files`)
    for (const [name, bytes] of Object.entries(files)) request.attach('files', bytes, name)
    return (await request.expect(200)).body.res.asset
  }
  const namesOf = ({ files }: Pick<AssetAnswer, 'files'>) => files.map(({ name }) => name)

  async function download({ id }: { id: string }): Promise<Map<string, Buffer>> {
    return unzip(await bytesOf(`/api/assets/${id}/download`))
  }

  async function bytesOf(path: string): Promise<Buffer> {
    const answer = await fetch(app.origin + path, { headers: { Authorization: `Bearer ${ada.token}` } })
    expect(answer.status).to.equal(200)
    return Buffer.from(await answer.arrayBuffer())
  }

  /** Checks answers, documents, sums and store of the only asset of a user. */
  async function expectFiles(asset: AssetAnswer, files: Record<string, Buffer>): Promise<void> {
    const names = Object.keys(files)
    const size = Object.values(files).reduce((sum, { length }) => sum + length, 0)
    for (const answer of [asset, await read(asset)]) {
      expect(answer).to.include({ fileCount: names.length, size })
      expect(namesOf(answer)).to.deep.equal(names)
    }
    const { body } = await ada.get('/api/assets?scope=mine').expect(200)
    expect(body.res.assets[0].fileCount).to.equal(names.length)
    expect(namesOf(body.res.assets[0])).to.deep.equal(names.slice(0, MAX_EMBEDDED_FILES))

    const stored = await Asset.findById(asset.id).orFail().lean()
    const sets = await FileSet.find({ asset: asset.id }).lean()
    expect(stored.fileCount).to.equal(names.length)
    expect(stored.files).to.have.length(Math.min(names.length, MAX_EMBEDDED_FILES))
    expect(sets).to.have.length(names.length > MAX_EMBEDDED_FILES ? 1 : 0)
    expect(stored.fileSet).to.equal(sets[0]?._id ?? null)
    if (sets[0]) {
      expect(sets[0].by.equals(ada.user._id)).to.equal(true)
      expect(sets[0].files.slice(0, MAX_EMBEDDED_FILES)).to.deep.equal(stored.files)
    }
    const whole = await wholeAsset(asset.id)
    expect(stored.keys).to.have.members(assetKeysOf(whole))
    const { location, space } = await User.findById(ada.user._id).orFail().lean()
    const keys = await keysOf(app, `${location}/`)
    expect(keys).to.have.members(whole.allFiles.map(({ key }) => key))
    expect(space).to.include({
      used: await storedBytes(app, `${location}/`),
      reserved: 0,
      files: names.length,
    })
    expect(await runningUploads({ _id: ada.user._id })).to.deep.equal([])
  }

  async function expectClean(): Promise<void> {
    for await (const { finding } of checkStorage(app.context, { fix: false, graceMs: 0 }))
      expect.fail(describeFinding(finding))
  }

  for (const count of [1, 20, 21, 1000])
    it(`POST, GET download, DELETE /api/assets – ${count} files → all answered, stored, sent and deleted`, async () => {
      const files = filesOf(count)
      const asset = await uploadAsset(ada, {}, files)
      await expectFiles(asset, files)
      if (count > 1) expect(await download(asset)).to.deep.equal(new Map(Object.entries(files)))
      const last = String(asset.files.at(-1)?.url)
      expect(await bytesOf(last)).to.deep.equal(files[`part-${count - 1}.bin`])
      await expectClean()
      const { location } = await User.findById(ada.user._id).orFail().lean()
      await ada.delete(`/api/assets/${asset.id}`).expect(204)
      expect(await keysOf(app, `${location}/`)).to.deep.equal([])
      expect(await FileSet.countDocuments({ asset: asset.id })).to.equal(0)
      expect(await User.spaceOf(ada.user._id)).to.include({ used: 0, files: 0, reserved: 0 })
    })

  it('PUT /api/assets/:id/files – 1,000 by 1 by 30 by 21 files → each time only the new ones', async () => {
    const asset = await uploadAsset(ada, {}, filesOf(1000))
    for (const [count, kind] of [
      [1, 'one'],
      [30, 'some'],
      [21, 'few'],
    ] as const) {
      const files = filesOf(count, kind)
      await expectFiles(await replace(asset, files), files)
    }
    await expectClean()
  })

  it('POST /api/assets – 1,001 files → 413, nothing is stored', async () => {
    const request = ada.post('/api/assets')
    for (const [name, bytes] of Object.entries(filesOf(1001))) request.attach('files', bytes, name)
    const { body } = await request.expect(413)
    expect(body.err.message).to.contain('at most 1000 files')
    expect(await User.spaceOf(ada.user._id)).to.include({ used: 0, files: 0, reserved: 0 })
    expect(await FileSet.countDocuments({ by: ada.user._id })).to.equal(0)
  })

  it('PATCH, POST images, PUT lock, signed URL, link, event – asset with 25 files → all files', async () => {
    const files = filesOf(25)
    const names = Object.keys(files)
    const { id } = await uploadAsset(ada, {}, files)
    const { body: patched } = await ada
      .patch(`/api/assets/${id}`)
      .send({ tags: ['oak'] })
      .expect(200)
    expect(namesOf(patched.res.asset)).to.deep.equal(names)
    const { keys } = await Asset.findById(id).orFail().lean()
    expect(keys).to.include.members(['tag:oak', `sha256:${patched.res.asset.files[24].sha256}`])
    const { body: pictured } = await ada
      .post(`/api/assets/${id}/images`)
      .attach('images', await png(), 'a.png')
      .expect(201)
    expect(namesOf(pictured.res.asset)).to.deep.equal(names)
    const { body: link } = await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
    const { body: shared } = await app.api.get(link.res.link.url).expect(200)
    expect(namesOf(shared.res.asset)).to.deep.equal(names)
    await app.api.get(shared.res.asset.files[24].url).expect(200)
    const { body: signed } = await ada
      .get(`/api/assets/${id}/url?file=${patched.res.asset.files[24].id}`)
      .expect(200)
    await app.api.get(signed.res.url).expect(200)

    const protectedKeys: string[] = []
    const { protect } = app.store
    app.store.protect = async (locked) => void protectedKeys.push(...locked)
    try {
      const { body: locked } = await ada.put(`/api/assets/${id}/lock`).send({ legalHold: true }).expect(200)
      expect(namesOf(locked.res.asset)).to.deep.equal(names)
      await ada.delete(`/api/assets/${id}/lock`).expect(204)
    } finally {
      app.store.protect = protect
    }
    expect(new Set(protectedKeys).size).to.equal(27)
  })

  it('GET /api/assets/:id – files replaced between the read of asset and set → the new files', async () => {
    const asset = await uploadAsset(ada, {}, filesOf(30))
    const interceptor = new CommandInterceptor()
    try {
      const commands = await interceptor.record(() => read(asset))
      const index = commands.indexOf('fileSets.findOne')
      const answer = await interceptor.before(
        index,
        async () => void (await replace(asset, filesOf(40, 'new'))),
        () => read(asset),
      )
      expect(namesOf(answer)).to.deep.equal(Object.keys(filesOf(40, 'new')))
    } finally {
      interceptor.close()
    }
  })

  it('PUT files – six at the same time → one set, that of the asset', async () => {
    const asset = await uploadAsset(ada, {}, filesOf(30))
    await Promise.all(Array.from({ length: 6 }, (_, n) => replace(asset, filesOf(25 + n, `v${n}`))))
    const stored = await Asset.findById(asset.id).orFail().lean()
    const sets = await FileSet.find({ asset: asset.id }).lean()
    expect(sets.map(({ _id }) => _id)).to.deep.equal([stored.fileSet])
    expect(stored.fileCount).to.equal(sets[0]?.files.length)
    await expectClean()
  })

  for (const [what, isNew] of [
    ['new asset', true],
    ['replacement', false],
  ] as const)
    it(`sweep – process died between the set and the ${what} → no set, no object, no space`, async () => {
      const asset = isNew ? null : await uploadAsset(ada, {}, filesOf(22))
      const interceptor = new CommandInterceptor()
      const work = () => (asset ? replace(asset, filesOf(30)) : uploadAsset(ada, {}, filesOf(30)))
      const commands = await interceptor.record(async () => void (await work()))
      const index = commands.indexOf(asset ? 'assets.findOneAndUpdate' : 'assets.insertOne')
      expect(commands.slice(0, index)).to.include('fileSets.insertOne')
      const before = await FileSet.countDocuments({ by: ada.user._id })
      await new Promise<void>((resolve) => {
        const die = () => {
          resolve()
          return new Promise<void>(() => undefined)
        }
        interceptor.before(index, die, work as () => Promise<unknown>).catch(() => undefined)
      })
      interceptor.close()
      await eventually(async () =>
        expect(await FileSet.countDocuments({ by: ada.user._id })).to.equal(before + 1),
      )
      await killUploads()
      await sweep(app.context)
      expect(await FileSet.countDocuments({ by: ada.user._id })).to.equal(before)
      const { location, space } = await User.findById(ada.user._id).orFail().lean()
      expect(space.reserved).to.equal(0)
      expect(await keysOf(app, `${location}/`)).to.have.length(30)
      await expectClean()
    })

  it('PUT files – asset deleted after the set was stored → 404, no set and no object left', async () => {
    const asset = await uploadAsset(ada, {}, filesOf(22))
    const interceptor = new CommandInterceptor()
    try {
      const commands = await interceptor.record(() => replace(asset, filesOf(22)))
      const request = ada.put(`/api/assets/${asset.id}/files`)
      for (const [name, bytes] of Object.entries(filesOf(30))) request.attach('files', bytes, name)
      const { status } = await interceptor.before(
        commands.indexOf('fileSets.insertOne') + 1,
        async () => void (await ada.delete(`/api/assets/${asset.id}`).expect(204)),
        async () => request,
      )
      expect(status).to.equal(404)
    } finally {
      interceptor.close()
    }
    expect(await FileSet.countDocuments({ by: ada.user._id })).to.equal(0)
    const { location, space } = await User.findById(ada.user._id).orFail().lean()
    expect(await keysOf(app, `${location}/`)).to.deep.equal([])
    expect(space).to.include({ used: 0, reserved: 0, files: 0 })
  })

  it('backup, restore – asset with 100 files → the same answers and bytes', async () => {
    const asset = await uploadAsset(ada, {}, filesOf(100))
    await ada.put(`/api/assets/${asset.id}/lock`).send({ legalHold: true }).expect(200)
    const answered = await read(asset)
    const dir = join(tmpdir(), `kura-sets-${randomUUID()}`)
    try {
      const { errors } = await backUp(app.context, dir, { objects: true })
      expect(errors).to.deep.equal([])
      for (const one of Object.values(mongoose.models)) await one.collection.deleteMany({})
      await app.store.remove(await keysOf(app))
      await restore(app.context, dir, { replace: false, serverLimit: 1e9 })
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
    await expectClean()
    const { body } = await app.api
      .post('/api/auth/login')
      .send({ login: ada.user.username, password: PASSWORD })
    const { body: again } = await app.api
      .get(`/api/assets/${asset.id}`)
      .set('Authorization', `Bearer ${body.res.token}`)
      .expect(200)
    expect(again.res.asset).to.deep.equal(answered)
    for (const { key, size } of (await wholeAsset(asset.id)).allFiles)
      expect((await buffer(await app.store.open(key))).length).to.equal(size)
  })

  it('DELETE /api/users/me – asset with 50 files → no set and no object left', async () => {
    await uploadAsset(ada, {}, filesOf(50))
    const { location } = await User.findById(ada.user._id).orFail().lean()
    await ada.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
    expect(await FileSet.countDocuments({ by: ada.user._id })).to.equal(0)
    expect(await keysOf(app, `${location}/`)).to.deep.equal([])
  })

  it('GET /api/assets/:id – document of an earlier release without fileCount → number of its files', async () => {
    const { id } = await uploadAsset(ada, {}, filesOf(3))
    await Asset.collection.updateOne(
      { _id: new mongoose.Types.ObjectId(id) },
      { $unset: { fileCount: 1, fileSet: 1 } },
    )
    expect(await read({ id })).to.include({ fileCount: 3 })
    await replace({ id }, filesOf(2))
    expect(await read({ id })).to.include({ fileCount: 2 })
  })
})
