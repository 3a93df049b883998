import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../app/lifecycle/database.ts'
import { User } from '../../models/user.ts'
import { withDatabase } from '../embedded/engine.ts'
import { type Client, json, register, send, uploadFile } from '../support/app/client.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, startProcess } from '../support/app/process.ts'

const CHANGES = 6

interface Answer {
  assets: { id: string; owner: object | null }[]
}

describe('readers in another process while an account changes', function () {
  this.timeout(240_000)
  let folder: string
  let first: string
  let second: string
  let admin: Client

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-readers-'))
    const uri = withDatabase(await databaseUri(), `kura-readers-${randomBytes(6).toString('hex')}`)
    const env = {
      DATA_DIR: folder,
      MONGODB_URI: uri,
      REGISTRATIONS_PER_HOUR: '0',
      LOG_LEVEL: 'warn',
    }
    first = (await startProcess(env)).origin
    second = (await startProcess(env)).origin
    await register(second)
    const { username, password } = await register(first)
    await connectDatabase(uri)
    await User.updateOne({ username }, { access: 'admin' })
    const { token } = await send<{ token: string }>(
      `${first}/api/auth/login`,
      json({ login: username, password }),
      200,
    )
    admin = { origin: first, token }
  })
  after(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  const change = (path: string, body: object, { token }: Client = admin) =>
    send(
      `${first}${path}`,
      {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      },
      200,
    )

  /** Registers a discoverable user with a public asset. Returns reads of the other process: whether it sees them. */
  async function publish() {
    const owner = await register(first)
    const url = await uploadFile(owner, Buffer.from('v 0 0 0'))
    const path = `/api/assets/${url.split('/')[3]}`
    await change(path, { visibility: 'public' }, owner)
    await change('/api/users/me', { discoverable: true }, owner)
    const user = await User.findOne({ username: owner.username }).orFail()
    const listed = async (query: string) => {
      const { res } = (await (await fetch(`${second}/api/assets?${query}`)).json()) as { res: Answer }
      return res.assets.find(({ id }) => path.endsWith(id))
    }
    const ASSET: Record<string, () => Promise<boolean>> = {
      asset: async () => (await fetch(`${second}${path}`)).status === 200,
      file: async () => (await fetch(`${second}${url}`, { method: 'HEAD' })).status === 200,
      list: async () => (await listed('')) !== undefined,
      'list by name': async () => (await listed('scope=public&sort=name&count=1')) !== undefined,
    }
    const OWNER: typeof ASSET = { owner: async () => Boolean((await listed(''))?.owner) }
    return { owner, id: String(user._id), ASSET, OWNER }
  }

  /** Reads all the time, so that the other process always has a recent state, and expects every read after a change to see it. */
  async function race(
    reads: Record<string, () => Promise<boolean>>,
    apply: (visible: boolean) => Promise<unknown>,
  ) {
    let isOver = false
    const keepReading = async (read: () => Promise<boolean>) => {
      while (!isOver) await read()
    }
    const readers = Object.values(reads).map(keepReading)
    try {
      for (let n = 0; n < CHANGES; n += 1) {
        const visible = n % 2 === 1
        await apply(visible)
        const seen = await Promise.all(
          Object.entries(reads).map(async ([name, read]) => [name, await read()] as const),
        )
        expect(Object.fromEntries(seen), `change ${n}`).to.deep.equal(
          Object.fromEntries(Object.keys(reads).map((name) => [name, visible])),
        )
      }
    } finally {
      isOver = true
      await Promise.all(readers)
    }
  }

  it('PATCH /api/users/:id {disabled} – readers in another process → every read after the answer sees it', async () => {
    const { id, ASSET } = await publish()
    await race(ASSET, (visible) => change(`/api/users/${id}`, { disabled: !visible }))
  })

  it('PATCH /api/users/me {discoverable} – readers in another process → every read after the answer sees it', async () => {
    const { owner, OWNER } = await publish()
    await race(OWNER, (discoverable) => change('/api/users/me', { discoverable }, owner))
  })

  it('DELETE /api/users/:id – readers in another process → hidden after the answer', async () => {
    for (let n = 0; n < CHANGES; n += 1) {
      const { id, ASSET } = await publish()
      for (const [name, read] of Object.entries(ASSET)) expect(await read(), name).to.equal(true)
      const headers = { Authorization: `Bearer ${admin.token}` }
      const { status } = await fetch(`${first}/api/users/${id}`, { method: 'DELETE', headers })
      expect(status).to.equal(204)
      for (const [name, read] of Object.entries(ASSET)) expect(await read(), name).to.equal(false)
    }
  })
})
