import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { backUp } from '../../../app/backup/back-up.ts'
import { UnfinishedWork } from '../../../app/backup/format.ts'
import { verifyBackup } from '../../../app/backup/verify.ts'
import { storeUnavailable } from '../../../app/errors.ts'
import type { ObjectStore } from '../../../app/storage/object-store.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signUp } from '../../support/app/users.ts'
import { rejection } from '../../support/s3/object-stores.ts'

describe('backup that does not finish', () => {
  let app: TestApp
  let parent: string
  let dir: string

  before(async () => {
    app = await startApp()
    const ada = await signUp(app, 'ada')
    for (let n = 0; n < 3; n++) await uploadAsset(ada, {}, { 'a.bin': randomBytes(1000) })
  })
  after(() => app.stop())
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'kura-backups-'))
    dir = join(parent, 'today')
  })
  afterEach(() => rm(parent, { recursive: true, force: true }))

  const makeBackup = (signal?: AbortSignal) =>
    backUp(app.context, dir, { objects: true, ...(signal && { signal }) })

  /** Makes a backup whose second object cannot be read. */
  async function failInTheMiddle(fail: () => void): Promise<Error> {
    const { store } = app
    let opened = 0
    const open: ObjectStore['open'] = async (...how) => {
      if (++opened === 2) fail()
      return store.open(...how)
    }
    return rejection(backUp({ clock: app.clock, store: { ...store, open } }, dir, { objects: true }))
  }

  /** Creates the folder of a backup that another process has begun. */
  async function begin(marker: object, path = dir): Promise<void> {
    await mkdir(join(path, 'objects', 'a'), { recursive: true })
    await writeFile(join(path, 'objects', 'a', 'b'), 'half an ob')
    await writeFile(join(path, 'users.jsonl'), '{"_id"')
    await writeFile(join(path, 'unfinished.json'), JSON.stringify(marker))
  }

  it('backup – store fails in the middle → says so, folder and created parents removed', async () => {
    const cause = storeUnavailable(new Error('connect ECONNREFUSED'))
    dir = join(parent, 'new', 'today')
    const error = await failInTheMiddle(() => {
      throw cause
    })
    expect(error).to.be.instanceOf(UnfinishedWork)
    expect(error.message).to.equal(`No backup was made. Nothing is left in ${dir}.`)
    expect(error.cause).to.equal(cause)
    expect(await readdir(parent)).to.deep.equal([])
    await makeBackup()
    expect((await verifyBackup(dir)).problems).to.deep.equal([])
  })

  it('backup – empty folder given, aborted → the folder is empty again', async () => {
    await mkdir(dir)
    const error = await rejection(makeBackup(AbortSignal.abort(new Error('Stopped by SIGTERM.'))))
    expect(error.cause).to.have.property('message', 'Stopped by SIGTERM.')
    expect(await readdir(dir)).to.deep.equal([])
  })

  it('backup – folder cannot be created → the reason, without a word about DATA_DIR', async () => {
    await writeFile(dir, 'a file')
    expect((await rejection(makeBackup())).message).to.match(/^The backup cannot be written: EEXIST/)
    expect(await readFile(dir, 'utf8')).to.equal('a file')
  })

  const DEAD = { pid: 2 ** 30, host: hostname() }
  const LIVING = { pid: process.ppid, host: hostname() }

  it('backup – process killed in this folder before → its files are removed, the backup is complete', async () => {
    await begin(DEAD)
    const { notes, errors } = await makeBackup()
    expect([notes, errors]).to.deep.equal([[`Files of an interrupted backup were removed from ${dir}.`], []])
    expect(await readdir(join(dir, 'objects'))).to.not.include('a')
    expect(await readdir(dir)).to.not.include('unfinished.json')
    expect((await verifyBackup(dir)).problems).to.deep.equal([])
  })

  it('backup – killed on another machine → its files are removed when its marker is a minute old', async () => {
    await begin({ ...DEAD, host: 'elsewhere' })
    expect((await rejection(makeBackup())).message).to.equal(
      `Another process writes a backup into ${dir} now.`,
    )
    const before = new Date(Date.now() - 61_000)
    await utimes(join(dir, 'unfinished.json'), before, before)
    await makeBackup()
  })

  it('backup – another process writes into this folder → refused, its files stay', async () => {
    await begin(LIVING)
    expect((await rejection(makeBackup())).message).to.equal(
      `Another process writes a backup into ${dir} now.`,
    )
    expect(await readFile(join(dir, 'users.jsonl'), 'utf8')).to.equal('{"_id"')
  })

  it('backup – interrupted one with other files → refused, nothing is removed', async () => {
    await begin(DEAD)
    await writeFile(join(dir, 'notes.txt'), 'mine')
    expect((await rejection(makeBackup())).message).to.contain('is not empty')
    expect(await readdir(dir)).to.have.members(['notes.txt', 'objects', 'unfinished.json', 'users.jsonl'])
  })

  it('backup – interrupted one beside the folder → named; a running and a complete one are not', async () => {
    await begin(DEAD, join(parent, 'yesterday'))
    await begin(LIVING, join(parent, 'running'))
    await backUp(app.context, join(parent, 'complete'), { objects: true })
    const { notes } = await makeBackup()
    expect(notes).to.deep.equal([
      `The backup in ${join(parent, 'yesterday')} was interrupted and is not complete. Delete that folder.`,
    ])
  })

  it('verify – list of objects shorter than the documents → every object that is missing is named', async () => {
    await makeBackup()
    const [first = '', ...rest] = (await readFile(join(dir, 'objects.jsonl'), 'utf8')).split('\n')
    await replaceFile('objects.jsonl', rest.join('\n'), rest.length - 1)
    const { key } = JSON.parse(first)
    const { problems } = await verifyBackup(dir)
    expect(problems).to.have.length(1)
    expect(problems[0]).to.match(new RegExp(`^Object ${key} of asset [0-9a-f]{24} is not in the backup\\.$`))
  })

  it('verify – assets without owner, objects without asset → named', async () => {
    await makeBackup()
    await replaceFile('users.jsonl', '', 0)
    const { problems } = await verifyBackup(dir)
    expect(problems).to.have.length(3)
    expect(problems[0]).to.match(/^The owner of asset [0-9a-f]{24} is not in the backup\.$/)
    await replaceFile('assets.jsonl', '', 0)
    expect((await verifyBackup(dir)).problems).to.deep.equal(['3 objects belong to no asset of the backup.'])
  })

  it('verify – several objects damaged or missing → all are named', async () => {
    await makeBackup()
    const names = (await readdir(join(dir, 'objects'), { recursive: true })).filter((name) =>
      /\/\d+$/.test(name),
    )
    await unlink(join(dir, 'objects', String(names[0])))
    await writeFile(join(dir, 'objects', String(names[1])), 'other bytes')
    const { problems } = await verifyBackup(dir)
    expect(problems).to.have.members([
      `Object ${names[0]} is not in the backup.`,
      `Object ${names[1]} is damaged: its size or checksum differs from its document.`,
    ])
  })

  /** Replaces a file, and its checksum in the manifest. */
  async function replaceFile(name: string, text: string, lines: number): Promise<void> {
    await writeFile(join(dir, name), text)
    const path = join(dir, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    const file = [...Object.values<{ name: string }>(manifest.collections), manifest.objects].find(
      (one) => one.name === name,
    )
    Object.assign(file, { lines, sha256: createHash('sha256').update(text).digest('hex') })
    await writeFile(path, JSON.stringify(manifest))
  }
})
