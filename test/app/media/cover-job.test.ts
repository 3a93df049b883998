import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose, { type Types } from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { renderQueue } from '../../../app/media/render-isolated.ts'
import { Asset } from '../../../models/asset.ts'
import { coverJob } from '../../../models/asset-jobs.ts'
import { withDatabase } from '../../embedded/engine.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { register } from '../../support/app/client.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { killAll, startProcess } from '../../support/app/process.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'
import { eventually } from '../../support/eventually.ts'

const expireLease = (id: Types.ObjectId | string) =>
  Asset.updateOne({ _id: id, 'jobs.cover': { $exists: true } }, { $set: { 'jobs.cover.at': new Date(0) } })

/** Pauses the child processes of a process, which render pictures. Returns their ids. Throws if there are none. */
async function stopChildren(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const children = list.split(' ').filter(Boolean).map(Number)
  expect(children).to.not.deep.equal([])
  for (const child of children) process.kill(child, 'SIGSTOP')
  return children
}

describe('cover job', () => {
  let app: TestApp
  let ada: TestUser
  let release = () => {}
  before(async () => {
    app = await startApp({ coverWaitMs: 50 })
    ada = await signUp(app, 'ada')
  })
  afterEach(() => release())
  after(() => app.stop())

  /** Uploads a picture whose renderer fails with an unexpected error, and counts the attempts to read pictures. */
  async function uploadFailing() {
    const { store } = app.context
    const open = store.open.bind(store)
    let opened = 0
    void renderQueue.run('eve', () => new Promise<void>((resolve) => (release = resolve)))
    store.open = async () => {
      opened += 1
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new Error('the renderer has ended')
    }
    const { id } = await uploadAsset(ada, {}, { 'cat.png': await png() })
    await eventually(() => expect(opened).to.equal(1))
    return { id, opened: () => opened, mend: () => Object.assign(store, { open }) }
  }

  it('resume – every start fails → three starts, then none, and the job has ended', async () => {
    const { id, opened, mend } = await uploadFailing()
    expect((await Asset.findById(id).orFail().lean()).jobs.cover?.starts).to.equal(1)
    await app.context.covers.resume()
    expect(opened(), 'the lease has not expired').to.equal(1)
    for (const starts of [2, 3, 3, 3]) {
      await expireLease(id)
      await app.context.covers.resume()
      expect(opened()).to.equal(starts)
    }
    mend()
    expect(await Asset.findById(id).lean()).to.deep.include({ jobs: {}, cover: null })
    await ada.delete(`/api/assets/${id}`).expect(204)
  })

  it('resume – lease expired, two processes at once → one thumbnail, job ended', async () => {
    const { id, mend } = await uploadFailing()
    mend()
    release()
    await expireLease(id)
    await Promise.all([app.context.covers.resume(), app.context.covers.resume()])
    const asset = await Asset.findById(id).orFail().lean()
    expect(asset.jobs).to.deep.equal({})
    expect(asset.cover?.width).to.be.greaterThan(0)
    expect(await coverJob.due()).to.deep.equal([])
    await ada.delete(`/api/assets/${id}`).expect(204)
  })
})

describe('cover job of a killed process', function () {
  this.timeout(240_000)
  let folder: string
  let env: Record<string, string>
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-cover-'))
    const uri = withDatabase(await databaseUri(), `kura-cover-${randomBytes(6).toString('hex')}`)
    env = { DATA_DIR: folder, MONGODB_URI: uri, LOG_LEVEL: 'warn' }
    await connectDatabase(uri)
  })
  after(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  it('POST /api/assets – process killed after the commit, before the thumbnail → rendered after a restart', async () => {
    const { origin, pid, signal, ended } = await startProcess(env)
    const { token } = await register(origin)
    const body = new FormData()
    body.append('files', new Blob([new Uint8Array(await png())]), 'cat.png')
    const headers = { Authorization: `Bearer ${token}` }
    const answering = fetch(`${origin}/api/assets`, { method: 'POST', headers, body })
    const renderers = await eventually(() => stopChildren(pid))
    const answer = await answering
    signal('SIGKILL')
    for (const renderer of renderers) process.kill(renderer, 'SIGKILL')
    await ended
    expect(answer.status).to.equal(201)
    const [killed] = await Asset.find().lean()
    expect(killed).to.deep.include({ cover: null, state: 'ready' })
    expect(killed?.jobs.cover?.starts).to.equal(1)

    await expireLease(killed?._id ?? '')
    await startProcess(env)
    await eventually(async () => {
      const asset = await Asset.findById(killed?._id).orFail().lean()
      expect(asset.cover?.width).to.be.greaterThan(0)
      expect(asset.jobs).to.deep.equal({})
      expect(asset.version).to.equal(killed?.version)
    }, 60_000)
  })
})
