import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import type { ObjectStore } from '../../../app/storage/object-store.ts'
import { openStore } from '../../../app/storage/open-store.ts'
import { loadConfig } from '../../../config/env.ts'
import { Asset } from '../../../models/asset.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { User } from '../../../models/user.ts'
import { withDatabase } from '../../embedded/engine.ts'
import { type Client, register, untilReady } from '../../support/app/client.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { killAll, startProcess } from '../../support/app/process.ts'
import { beginUpload, uploadRaw, withLength } from '../../support/app/raw-upload.ts'
import { runningUploads, storedBytes } from '../../support/app/state.ts'
import { eventually } from '../../support/eventually.ts'

const AT_ONCE = 64
const PLENTY = 1e9

describe('quota and capacity with two processes', function () {
  this.timeout(240_000)
  let folder: string
  let store: ObjectStore
  let origins: string[]
  let env: Record<string, string>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-race-'))
    const uri = withDatabase(await databaseUri(), `kura-race-${randomBytes(6).toString('hex')}`)
    env = { DATA_DIR: folder, MONGODB_URI: uri, REGISTRATIONS_PER_HOUR: '0', LOG_LEVEL: 'warn' }
    const first = await startProcess(env)
    const second = await startProcess(env)
    origins = [first.origin, second.origin]
    await connectDatabase(uri)
    await eventually(async () => expect(await Capacity.spaceOf(SERVER)).to.not.equal(null), 30_000)
    store = await openStore(loadConfig({ DATA_DIR: folder }).storage)
  })
  after(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => Capacity.updateOne({ _id: SERVER }, { 'space.limit': PLENTY }))

  /** Registers a user with a limit. Returns a client for each process. */
  async function signUp(limit: number) {
    const client = await register(String(origins[0]))
    const user = await User.findByName(client.username)
    if (!user) throw new Error('not registered')
    await User.updateOne({ _id: user._id }, { 'space.limit': limit })
    return { id: user._id, clients: origins.map((origin): Client => ({ ...client, origin })) }
  }

  /** Runs uploads and checks repeatedly that no ledger exceeds its limit. */
  async function watch<T>(id: mongoose.Types.ObjectId, uploads: Promise<T>[]): Promise<T[]> {
    let done = false
    let checks = 0
    const checking = (async () => {
      while (!done) {
        for (const space of [await User.spaceOf(id), await Capacity.spaceOf(SERVER)]) {
          if (!space) throw new Error('no ledger')
          expect(space.used + space.reserved, 'used and reserved').to.be.at.most(Number(space.limit))
          const files = space.files + (space.reservedFiles ?? 0)
          expect(files, 'files and reserved files').to.be.at.most(space.fileLimit ?? Infinity)
        }
        checks++
        await delay(10)
      }
    })()
    const answers = await Promise.all(uploads).finally(() => {
      done = true
    })
    await checking
    expect(checks).to.be.greaterThan(5)
    return answers
  }

  async function expectOnly(id: mongoose.Types.ObjectId, files: number, size: number): Promise<void> {
    const { location } = await User.findById(id).orFail().lean()
    const kept = { used: files * size, reserved: 0, files, uploads: [] }
    expect(await User.spaceOf(id)).to.deep.include(kept)
    expect(await storedBytes({ store }, `${location}/`)).to.equal(kept.used)
    expect(await Asset.countDocuments({ owner: id })).to.equal(files)
    expect(await runningUploads({ _id: id })).to.deep.equal([])
    expect(await Capacity.spaceOf(SERVER)).to.deep.include({
      used: await storedBytes({ store }),
      reserved: 0,
    })
  }

  const edges = [
    { what: 'small files', size: 20_000, fit: 20, whose: 'user', chunked: () => false },
    { what: 'small files of unknown length', size: 20_000, fit: 20, whose: 'server', chunked: () => true },
    { what: 'larger files', size: 200_000, fit: 9, whose: 'user', chunked: (n: number) => n % 4 < 2 },
    { what: 'small files', size: 1000, fit: 20, whose: 'files', chunked: (n: number) => n % 2 < 1 },
    { what: 'larger files', size: 200_000, fit: 9, whose: 'server', chunked: (n: number) => n % 4 < 2 },
  ] as const
  for (const { what, size, fit, whose, chunked } of edges)
    it(`upload – ${AT_ONCE} at once, ${what} up to the limit of the ${whose === 'files' ? 'user in files' : whose} → exactly as many as fit`, async () => {
      const { id, clients } = await signUp(whose === 'user' ? fit * size : PLENTY)
      const used = Number((await Capacity.spaceOf(SERVER))?.used)
      if (whose === 'server') await Capacity.updateOne({ _id: SERVER }, { 'space.limit': used + fit * size })
      if (whose === 'files') await User.updateOne({ _id: id }, { 'space.fileLimit': fit })
      const bytes = randomBytes(size)
      const uploads = Array.from({ length: AT_ONCE }, (_, n) =>
        uploadRaw(clients[n % 2] as Client, bytes, chunked(n) ? {} : withLength(bytes)),
      )
      const answers = await watch(id, uploads)
      const refusals = answers.filter(({ status }) => status !== 201)
      const full = whose === 'server' ? 'server_full' : 'space_exceeded'
      for (const { status, code } of refusals) expect([status, code]).to.deep.equal([507, full])
      expect(answers.length - refusals.length).to.equal(fit)
      await eventually(() => expectOnly(id, fit, size))
    })

  it(`DELETE /api/assets/:id – ${AT_ONCE} assets, each by both processes at once → each counted once, ledgers list few`, async () => {
    const { id, clients } = await signUp(PLENTY)
    const bytes = randomBytes(1000)
    const removeBy = ({ origin, token }: Client, asset: unknown) =>
      fetch(`${origin}/api/assets/${asset}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${token}` },
      }).then(({ status }) => status)
    const uploadMany = async (count: number) => {
      for (let n = 0; n < count; n++)
        expect((await uploadRaw(clients[n % 2] as Client, bytes, withLength(bytes))).status).to.equal(201)
      return (await Asset.find({ owner: id }).lean()).map(({ _id }) => _id)
    }
    const removals = (await uploadMany(AT_ONCE)).map((asset) =>
      Promise.all(clients.map((client) => removeBy(client, asset))),
    )
    for (const statuses of await watch(id, removals)) expect(statuses.sort()).to.deep.equal([204, 404])
    await eventually(() => expectOnly(id, 0, 0))
    // The next deletion of each process removes the numbers of the finished ones.
    const [first, second] = await uploadMany(2)
    expect(await removeBy(clients[0] as Client, first)).to.equal(204)
    expect(await removeBy(clients[1] as Client, second)).to.equal(204)
    const { settled = {} } = (await User.spaceOf(id)) ?? {}
    for (const { numbers = {} } of Object.values(settled)) expect(Object.keys(numbers)).to.have.length(1)
  })

  it('upload – process with other defaults → they hold for an account that exists', async () => {
    const client = await register(String(origins[0]))
    const bytes = randomBytes(1000)
    expect(await uploadRaw(client, bytes, withLength(bytes))).to.include({ status: 201 })
    for (const limits of [{ USER_SPACE_BYTES: '2000' }, { USER_FILES: '2' }]) {
      const { origin, signal } = await startProcess({ ...env, ...limits })
      await untilReady(origin)
      const send = () => uploadRaw({ ...client, origin }, bytes, withLength(bytes))
      const isFull = 'USER_FILES' in limits
      expect(await send()).to.include(isFull ? { status: 507, code: 'space_exceeded' } : { status: 201 })
      expect(await send()).to.include({ status: 507, code: 'space_exceeded' })
      signal('SIGTERM')
    }
    expect(await uploadRaw(client, bytes, withLength(bytes))).to.include({ status: 201 })
  })

  it('upload – cannot fit → refused before any byte is sent', async () => {
    const { id, clients } = await signUp(1e6)
    const { sending, answer } = beginUpload(clients[0] as Client, { length: 2e6 })
    sending.flushHeaders()
    expect(await answer).to.include({ status: 507, code: 'space_exceeded' })
    sending.destroy()
    await eventually(() => expectOnly(id, 0, 0))
  })
})
