import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { backUp } from '../../../app/backup/back-up.ts'
import { restore } from '../../../app/backup/restore.ts'
import { verifyBackup } from '../../../app/backup/verify.ts'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { readAllWhole } from '../../../models/file-set.ts'
import { storeWaitingTerms } from '../../../models/term-writer.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signIn, signUp, type TestUser } from '../../support/app/users.ts'

describe('restore drill', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let dir: string

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kura-drill-'))
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(async () => {
    await app.stop()
    await rm(dir, { recursive: true, force: true })
  })

  /** Returns Ada's documents, without the fields that a backup leaves out. */
  async function documents() {
    const { _id: owner } = ada.user
    const find = (name: string, filter: object) =>
      mongoose.connection
        .collection(name)
        .find(filter, { projection: { 'space.revision': 0, hasLinks: 0, inScenes: 0, unsettled: 0 } })
        .sort({ _id: 1 })
        .toArray()
    return {
      users: await find('users', { _id: owner }),
      assets: await find('assets', { owner }),
      fileSets: await find('fileSets', { by: owner }),
      links: await find('links', { owner }),
      projects: await find('projects', { owner }),
      activities: await find('events', { accounts: owner, action: { $exists: true } }),
    }
  }

  /** Returns the bytes of all objects of Ada's assets. */
  async function bytes(): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    const assets = await mongoose.connection.collection('assets').find({ owner: ada.user._id }).toArray()
    for await (const { allFiles } of readAllWhole(assets as never))
      for (const { key } of allFiles)
        found.set(key, (await buffer(await app.store.open(key))).toString('base64'))
    return found
  }

  it('backup, restore – under load, then an empty database and store → every document, object, link and lock', async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`${n}.bin`, randomBytes(100)]))
    const { id } = await uploadAsset(ada, { name: 'Many files', visibility: 'public' }, many)
    const locked = await uploadAsset(ada, { name: 'Locked' }, { 'a.bin': randomBytes(5000) })
    const lock = { mode: 'governance', until: new Date(Date.now() + 86_400_000).toISOString() }
    await ada.put(`/api/assets/${locked.id}/lock`).send(lock).expect(200)
    const link = { label: 'For the printer', password: 'open sesame', maxDownloads: 3 }
    const { body } = await ada.post(`/api/assets/${id}/links`).send(link).expect(201)
    await ada.post('/api/projects').send({ title: 'Room', image: id }).expect(201)
    await ada
      .post('/api/assets')
      .set('Idempotency-Key', '"drill"')
      .attach('files', Buffer.from('once'), 'once.txt')
      .expect(201)

    // the mark of assets with new words is removed when the words are stored
    await storeWaitingTerms()
    let done = false
    const bob = await signUp(app, 'bob')
    const load = async () => {
      while (!done) {
        const one = await uploadAsset(bob, {}, { 'a.bin': randomBytes(2000) })
        await bob.put(`/api/assets/${one.id}/files`).attach('files', randomBytes(3000), 'b.bin').expect(200)
        await bob.delete(`/api/assets/${one.id}`).expect(204)
      }
    }
    const loading = Promise.all([load(), load()])
    const { errors } = await backUp(app.context, join(dir, 'backup'), { objects: true }).finally(() => {
      done = true
    })
    await loading
    expect(errors).to.deep.equal([])
    expect((await verifyBackup(join(dir, 'backup'))).problems).to.deep.equal([])
    const before = { documents: await documents(), bytes: await bytes() }
    expect(before.documents.fileSets).to.have.length(1)
    await app.stop()

    app = await startApp()
    await restore(app.context, join(dir, 'backup'), { replace: false, serverLimit: 1e12 })
    expect(await documents()).to.deep.equal(before.documents)
    expect(await bytes()).to.deep.equal(before.bytes)
    for await (const { finding } of checkStorage(app.context, { fix: false, graceMs: 0 }))
      expect.fail(describeFinding(finding))
    for (const name of ['sessions', 'idempotencyKeys'])
      expect(await mongoose.connection.collection(name).countDocuments(), name).to.equal(0)
    await app.api.get('/api/auth/session').set('Authorization', `Bearer ${ada.token}`).expect(401)
    await app.api.get(body.res.link.url).expect(401)
    await app.api.get(body.res.link.url).set('X-Link-Password', link.password).expect(200)
    const again = await signIn(app, ada.user)
    await again.delete(`/api/assets/${locked.id}`).expect(423)
    await again.get(`/api/assets/${id}/download`).expect(200)
  })
})
