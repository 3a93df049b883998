import { randomBytes } from 'node:crypto'
import { readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { backUp } from '../../../app/backup/back-up.ts'
import { COLLECTIONS } from '../../../app/backup/format.ts'
import { restore } from '../../../app/backup/restore.ts'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { NEWEST_VERSION } from '../../../app/maintenance/migrations/migrations.ts'
import { Asset } from '../../../models/asset.ts'
import { SchemaVersion } from '../../../models/schema-version.ts'
import { storeWaitingTerms } from '../../../models/term-writer.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { keysOf } from '../../support/app/state.ts'
import { PASSWORD, signIn, signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

describe('backup and restore', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let dir: string
  let link: string
  const model = randomBytes(50_000)

  beforeEach(async () => {
    dir = join(tmpdir(), `kura-backup-${randomBytes(6).toString('hex')}`)
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    const { id } = await uploadAsset(ada, { name: 'Oak chair' }, { 'a.bin': model, 'b.png': await png() })
    await ada
      .post(`/api/assets/${id}/images`)
      .attach('images', await png(), 'a.png')
      .expect(201)
    await ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'write' }).expect(200)
    const made = await ada.post(`/api/assets/${id}/links`).send({ label: 'For the printer' }).expect(201)
    link = made.body.res.link.url
    await bob.post('/api/projects').send({ title: 'Room', image: id }).expect(201)
    await uploadAsset(bob)
  })
  afterEach(async () => {
    await app.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const makeBackup = (objects = true) => backUp(app.context, dir, { objects })
  const restoreBackup = (replace = false) => restore(app.context, dir, { replace, serverLimit: 1e9 })
  const errorOf = (work: Promise<unknown>) =>
    work.then(
      () => 'nothing',
      (error: Error) => error.message,
    )

  /** Returns all documents of the collections in a backup, without what a backup leaves out. */
  async function documents() {
    // removes the marks of assets whose words wait
    await storeWaitingTerms()
    const found: Record<string, unknown> = {}
    for (const name of COLLECTIONS)
      found[name] = await mongoose.connection
        .collection(name)
        .find(name === 'events' ? { action: { $exists: true } } : {}, {
          projection: { 'space.revision': 0, hasLinks: 0, inScenes: 0, unsettled: 0 },
        })
        .sort({ _id: 1 })
        .toArray()
    return found
  }

  async function deleteDocuments(): Promise<void> {
    for (const one of Object.values(mongoose.models)) await one.collection.deleteMany({})
  }

  async function expectClean(): Promise<void> {
    for await (const { finding } of checkStorage(app.context, { fix: false, graceMs: 0 }))
      expect.fail(describeFinding(finding))
  }

  it('restore – documents and objects lost → all restored', async () => {
    const before = { documents: await documents(), keys: await keysOf(app) }
    const { manifest, errors } = await makeBackup()
    expect(errors).to.deep.equal([])
    expect(manifest.objects.lines).to.equal(before.keys.length)
    await deleteDocuments()
    await app.store.remove(before.keys)

    await restoreBackup()
    expect(await documents()).to.deep.equal(before.documents)
    expect(await keysOf(app)).to.deep.equal(before.keys)
    await expectClean()
    await app.api.post('/api/auth/login').send({ login: 'ada', password: PASSWORD }).expect(200)
    const { body } = await (await signIn(app, bob.user)).get('/api/assets?scope=shared').expect(200)
    expect(body.res.assets.map(({ name }: { name: string }) => name)).to.deep.equal(['Oak chair'])
    // the words of searches by a part are not in a backup
    for (const q of ['oak cha', 'hair']) {
      const { body: part } = await (await signIn(app, ada.user))
        .get(`/api/assets?scope=mine&q=${q}`)
        .expect(200)
      expect(part.res.assets, q).to.have.length(1)
    }
    const { body: shared } = await app.api.get(link).expect(200)
    const answer = await fetch(`${app.origin}${shared.res.asset.files[0].url}`)
    expect(model.equals(Buffer.from(await answer.arrayBuffer()))).to.equal(true)
  })

  it('restore – backup of any supported schema → the database has the version of the backup', async () => {
    await makeBackup()
    await SchemaVersion.record(NEWEST_VERSION)
    const newest = await backUp(app.context, join(dir, 'newest'), { objects: true })
    expect(newest.manifest.schemaVersion).to.equal(NEWEST_VERSION)
    await restoreBackup(true)
    expect(await SchemaVersion.findById('schema').lean()).to.deep.include({ version: 0, lease: null })

    await restore(app.context, join(dir, 'newest'), { replace: true, serverLimit: 1e9 })
    expect(await SchemaVersion.current()).to.equal(NEWEST_VERSION)
    await expectClean()
  })

  it('restore – session from before the backup → 401', async () => {
    await makeBackup()
    await deleteDocuments()
    await restoreBackup()
    await ada.get('/api/auth/session').expect(401)
  })

  it('restore – database not empty → refused without `replace`', async () => {
    await makeBackup()
    await signUp(app, 'cyd')
    const before = await documents()
    expect(await errorOf(restoreBackup())).to.contain('The database is not empty, it has users')
    expect(await documents()).to.deep.equal(before)
    await restoreBackup(true)
    expect((await documents()).users).to.have.length(2)
    await expectClean()
  })

  const damages: [string, () => Promise<unknown>, string][] = [
    ['no manifest', () => unlink(join(dir, 'manifest.json')), 'it is not a backup'],
    ['half a manifest', () => truncate(join(dir, 'manifest.json'), 100), 'manifest.json is damaged'],
    ['another format', () => replaceIn('manifest.json', '"format": 1', '"format": 9'), 'does not support'],
    [
      'a newer schema',
      () => replaceIn('manifest.json', '"schemaVersion": 0', '"schemaVersion": 999'),
      'The backup has schema version 999; this program supports versions up to',
    ],
    ['a changed document', () => replaceIn('users.jsonl', 'bob', 'bop'), 'users.jsonl is damaged'],
    ['a missing file', () => unlink(join(dir, 'links.jsonl')), 'links.jsonl cannot be read'],
    ['half an object', async () => truncate(await objectPath(), 10), 'is damaged: its size or checksum'],
    ['a missing object', async () => unlink(await objectPath()), 'is not in the backup'],
  ]
  const replaceIn = async (name: string, text: string, by: string) => {
    const path = join(dir, name)
    await writeFile(path, (await readFile(path, 'utf8')).replace(text, by))
  }
  const objectPath = async () => join(dir, 'objects', String((await keysOf(app))[0]))

  for (const [name, damage, message] of damages)
    it(`restore – backup with ${name} → refused, nothing changes`, async () => {
      await makeBackup()
      const before = { documents: await documents(), keys: await keysOf(app) }
      await damage()
      expect(await errorOf(restoreBackup(true))).to.contain(message)
      expect({ documents: await documents(), keys: await keysOf(app) }).to.deep.equal(before)
    })

  it('restore – backup without objects → refused unless the store has the objects', async () => {
    await makeBackup(false)
    await restoreBackup(true)
    await expectClean()
    await app.store.remove([String((await keysOf(app))[0])])
    expect(await errorOf(restoreBackup(true))).to.contain('1 objects are not in the store')
  })

  it('backup – objects missing or damaged → reported', async () => {
    const [first, second] = (await Asset.findOne({ name: 'Oak chair' }).orFail().lean()).files
    await app.store.remove([String(first?.key)])
    await app.store.put(String(second?.key), Buffer.from('other bytes'))
    const { manifest, errors } = await makeBackup()
    expect(errors.join('\n'))
      .to.contain(`no object ${first?.key}`)
      .and.contain(`Object ${second?.key} is damaged`)
    expect(manifest.objects.lines).to.equal((await keysOf(app)).length - 1)
    expect(manifest.collections.assets.lines).to.equal(2)
  })

  it('backup – folder is not empty → refused', async () => {
    await makeBackup()
    expect(await errorOf(makeBackup())).to.contain('is not empty')
  })

  it('backup – uploads, replacements and deletions meanwhile → consistent', async () => {
    let done = false
    const work = async (user: TestUser) => {
      for (let n = 0; !done; n++) {
        const { id } = await uploadAsset(user, {}, { 'a.bin': randomBytes(2000) })
        await user.put(`/api/assets/${id}/files`).attach('files', randomBytes(3000), 'b.bin').expect(200)
        if (n % 3 > 0) await user.delete(`/api/assets/${id}`).expect(204)
      }
    }
    const working = Promise.all([ada, bob, ada, bob].map(work))
    const { errors } = await makeBackup().finally(() => {
      done = true
    })
    await working
    expect(errors).to.deep.equal([])
    await deleteDocuments()
    await app.store.remove(await keysOf(app))
    await restoreBackup()
    await expectClean()
    for (const { files } of await Asset.find().lean())
      for (const { key, size } of files)
        expect((await buffer(await app.store.open(key))).length).to.equal(size)
  })
})
