import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import type { Test } from 'supertest'
import type { AccessLevel } from '../../models/access-level.ts'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { CommandInterceptor } from '../support/app/command-interceptor.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const READERS = 2
const CHANGES = 4

interface ListedAsset {
  id: string
  owner: object | null
}

/** A request, and whether the asset or its owner was visible (a read) or became visible (a change). */
interface Observation {
  startedAt: number
  endedAt: number
  visible: boolean
}

async function observe(request: () => PromiseLike<boolean>): Promise<Observation> {
  const startedAt = performance.now()
  const visible = await request()
  return { startedAt, endedAt: performance.now(), visible }
}

describe('readers while an account changes', () => {
  let app: TestApp
  let other: { get(path: string): Test }
  let ada: TestUser
  let root: TestUser
  let asset: AssetAnswer

  before(async () => {
    app = await startApp()
    other = await app.secondInstance()
    root = await signUpAdmin(app, 'root')
  })
  beforeEach(async () => {
    ada = await signUp(app, `ada-${Date.now()}`, { discoverable: true })
    asset = await uploadAsset(ada, { visibility: 'public' })
  })
  after(() => app.stop())

  const path = () => `/api/assets/${asset.id}`
  const disable = (disabled: boolean) =>
    root.patch(`/api/users/${ada.user.id}`).send({ disabled }).expect(200)
  const assetsOf = async (request: Test) => (await request.expect(200)).body.res.assets as ListedAsset[]
  const isListed = async (query = '') =>
    (await assetsOf(other.get(`/api/assets?${query}`))).some(({ id }) => id === asset.id)
  const hasOwner = ({ owner }: ListedAsset) => owner !== null

  const READS: Record<string, () => Promise<boolean>> = {
    asset: async () => (await other.get(path())).status === 200,
    download: async () => (await other.get(`${path()}/download`)).status === 200,
    list: () => isListed(),
    'public list': () => isListed('scope=public&sort=name'),
  }
  const OWNER_READS: Record<string, () => Promise<boolean>> = {
    asset: async () => hasOwner((await other.get(path()).expect(200)).body.res.asset),
    list: async () =>
      (await assetsOf(other.get('/api/assets'))).some((one) => one.id === asset.id && hasOwner(one)),
  }

  /** Makes changes while readers of another instance read all the time. */
  async function race(
    reads: Record<string, () => Promise<boolean>>,
    change: (visible: boolean) => PromiseLike<unknown>,
  ): Promise<void> {
    for (const [what, read] of Object.entries(reads)) {
      const seen: Observation[] = []
      const changes: Observation[] = []
      let isOver = false
      const reader = async () => {
        while (!isOver) {
          seen.push(await observe(read))
          await turn()
        }
      }
      const readers = Array.from({ length: READERS }, reader)
      for (let n = 0; n < CHANGES; n += 1) {
        const visible = n % 2 === 1
        changes.push(await observe(async () => change(visible).then(() => visible)))
        expect(await read(), what).to.equal(visible)
      }
      isOver = true
      await Promise.all(readers)
      expectExact(what, seen, changes)
    }
  }

  /** Expects the result of a change in every read that begins after it was answered and ends before the next one. */
  function expectExact(what: string, seen: Observation[], changes: Observation[]): void {
    expect(new Set(seen.map(({ visible }) => visible)).size, `${what}: states that readers saw`).to.equal(2)
    for (const [n, { endedAt, visible }] of changes.entries()) {
      const next = changes[n + 1]?.startedAt ?? Number.POSITIVE_INFINITY
      const between = seen.filter((read) => read.startedAt > endedAt && read.endedAt < next)
      for (const read of between) expect(read.visible, what).to.equal(visible)
    }
  }

  it('PATCH /api/users/:id {disabled} – many readers on another instance → each read after the response is exact', async () => {
    await race(READS, (visible) => disable(!visible))
  }).timeout(60_000)

  it('PATCH /api/users/me {discoverable} – many readers on another instance → each read after the response is exact', async () => {
    await race(OWNER_READS, (discoverable) => ada.patch('/api/users/me').send({ discoverable }).expect(200))
  }).timeout(60_000)

  it('PATCH /api/users/me {discoverable} – account read directly before the update → exact after the response', async () => {
    const change = async (discoverable: boolean) => {
      await ada.patch('/api/users/me').send({ discoverable }).expect(200)
    }
    // an unchanged value is not stored again
    await change(false)
    const gate = new CommandInterceptor()
    try {
      const commands = await gate.record(() => change(true))
      const readFirst = async () => {
        expect(await OWNER_READS.asset?.()).to.equal(true)
      }
      await gate.before(commands.lastIndexOf('users.findOneAndUpdate'), readFirst, () => change(false))
    } finally {
      gate.close()
    }
    for (const [what, read] of Object.entries(OWNER_READS)) expect(await read(), what).to.equal(false)
  })

  const UNDONE: Record<string, { write: string; send: (user: TestUser) => Test }> = {
    'PATCH /api/users/:id {disabled}': {
      write: 'users.findOneAndUpdate',
      send: ({ user }) => root.patch(`/api/users/${user.id}`).send({ disabled: true }),
    },
    'DELETE /api/users/:id': {
      write: 'users.updateOne',
      send: ({ user }) => root.delete(`/api/users/${user.id}`),
    },
  }
  for (const [name, { write, send }] of Object.entries(UNDONE))
    it(`${name} – undone because no other admin remains, read in between → visible after the response`, async () => {
      const promote = ({ user }: TestUser, access: AccessLevel) =>
        User.updateOne({ _id: user._id }, { access })
      await promote(ada, 'admin')
      // no read uses a state of the account from before the request
      await untilReadersKnow()
      const gate = new CommandInterceptor()
      try {
        const readAndDemote = async () => {
          expect(await READS.asset?.()).to.equal(false)
          await promote(root, 'user')
        }
        const secondCheck = { command: 'users.findOne', after: write }
        const { status } = await gate.before(secondCheck, readAndDemote, async () => send(ada))
        expect(status).to.equal(409)
      } finally {
        gate.close()
        await promote(root, 'admin')
        await promote(ada, 'user')
      }
      for (const [what, read] of Object.entries(READS)) expect(await read(), what).to.equal(true)
    })

  it('PATCH /api/users/:id {disabled} – answer to a query of account states is late → only reads from before see the old state', async () => {
    await untilReadersKnow()
    const { prototype } = mongoose.mongo.FindCursor
    const { toArray } = prototype
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const held = new Promise<void>((begun) => {
      prototype.toArray = async function (this: mongoose.mongo.FindCursor) {
        const found = await toArray.call(this)
        if (this.namespace.collection !== User.collection.name) return found
        prototype.toArray = toArray
        begun()
        await released
        return found
      }
    })
    try {
      const early = READS.asset?.()
      await held
      await disable(true)
      for (const [what, read] of Object.entries(READS)) expect(await read(), what).to.equal(false)
      release()
      expect(await early).to.equal(true)
      for (const [what, read] of Object.entries(READS)) expect(await read(), what).to.equal(false)
    } finally {
      prototype.toArray = toArray
      release()
    }
  })

  it('DELETE /api/users/:id – readers on another instance → hidden after the response', async () => {
    for (const read of Object.values(READS)) expect(await read()).to.equal(true)
    await root.delete(`/api/users/${ada.user.id}`).expect(204)
    for (const [what, read] of Object.entries(READS)) expect(await read(), what).to.equal(false)
  })
})
