import { expect } from 'chai'
import { Types } from 'mongoose'
import { sweep } from '../../app/maintenance/sweep.ts'
import { Asset } from '../../models/asset.ts'
import type { ListedChange } from '../../models/change-feed.ts'
import { Event } from '../../models/event.ts'
import { Installation } from '../../models/installation.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { requestsOf, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const DAY = 86_400_000
type Reader = Pick<TestUser, 'get'>

describe('list of changes', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let eve: TestUser
  let root: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    eve = await signUp(app, 'eve')
    root = await signUpAdmin(app, 'root')
  })
  after(() => app.stop())
  beforeEach(() => Event.deleteMany({}))

  /** Makes all stored changes older, so that they are listed without waiting. */
  async function age(ms = 5000): Promise<void> {
    for (const { _id, storedAt } of await Event.find({ storedAt: { $exists: true } }).lean())
      await Event.collection.updateOne({ _id }, { $set: { storedAt: new Date(Number(storedAt) - ms) } })
  }
  const read = async (as: Reader, query = 'limit=100') =>
    (await as.get(`/api/changes?${query}`).expect(200)).body.res as { changes: ListedChange[]; next: string }
  /** Returns the kinds of the changes of an asset. */
  async function kinds(as: Reader, id: string): Promise<string[]> {
    await age()
    return (await read(as)).changes.filter((change) => change.id === id).map(({ kind }) => kind)
  }
  const refusal = async (as: Reader, since: string) => {
    const { status, body } = await as.get(`/api/changes?since=${encodeURIComponent(since)}`)
    return [status, body.err?.code, body.err?.details?.[0]?.field]
  }
  const cursorAt = (at: Date, user: TestUser, database: string) =>
    String(app.context.cursors.write(['changes', user.user._id], [{ at, database }, new Types.ObjectId()]))

  it('GET /api/changes – asset changed in every way → created, updated or deleted for each who can or could read it', async () => {
    const { id } = await uploadAsset(ada)
    const path = `/api/assets/${id}`
    const share = (access: string) => ada.put(`${path}/collaborators/bob`).send({ access }).expect(200)
    /** What is done, and the kind for the owner, the collaborator and another user. */
    const STEPS: [act: () => PromiseLike<unknown>, ...kinds: (ListedChange['kind'] | null)[]][] = [
      [() => ada.patch(path).send({ name: 'Chair' }).expect(200), 'updated', null, null],
      [() => share('read'), 'updated', 'created', null],
      [() => share('write'), 'updated', 'updated', null],
      [
        () =>
          bob
            .patch(path)
            .send({ tags: ['oak'] })
            .expect(200),
        'updated',
        'updated',
        null,
      ],
      [
        () => bob.put(`${path}/files`).attach('files', obj(), 'b.obj').expect(200),
        'updated',
        'updated',
        null,
      ],
      [
        async () =>
          bob
            .post(`${path}/images`)
            .attach('images', await png(), 'a.png')
            .expect(201),
        ...(['updated', 'updated', null] as const),
      ],
      [
        async () => {
          const { images } = (await ada.get(path)).body.res.asset
          await ada.delete(`${path}/images/${images[0].id}`).expect(204)
        },
        ...(['updated', 'updated', null] as const),
      ],
      [() => ada.patch(path).send({ visibility: 'public' }).expect(200), 'updated', 'updated', 'created'],
      [() => ada.delete(`${path}/collaborators/bob`).expect(204), 'updated', 'updated', null],
      [() => ada.patch(path).send({ visibility: 'private' }).expect(200), 'updated', 'deleted', 'deleted'],
      [() => ada.patch(path).send({ name: 'Secret' }).expect(200), 'updated', null, null],
      [() => ada.patch(path).send({ visibility: 'public' }).expect(200), 'updated', 'created', 'created'],
      [() => share('read'), 'updated', 'updated', null],
      [() => ada.put(`${path}/lock`).send({ legalHold: true }).expect(200), 'updated', 'updated', 'updated'],
      [() => root.delete(`/api/admin/assets/${id}`).expect(204), 'updated', 'updated', 'deleted'],
      [() => ada.delete(`${path}/lock`).expect(204), 'updated', 'updated', null],
      [() => ada.delete(`${path}/collaborators/bob`).expect(204), 'updated', 'deleted', null],
      [() => share('read'), 'updated', 'created', null],
      [() => ada.delete(path).expect(204), 'deleted', 'deleted', null],
    ]
    const expected: (ListedChange['kind'] | null)[][] = [['created'], [], []]
    for (const [act, ...each] of STEPS) {
      await act()
      for (const [at, kind] of each.entries()) expected[at]?.push(kind)
      expect(await Asset.countDocuments({ 'announcements.0': { $exists: true } })).to.equal(0)
    }
    const found = [await kinds(ada, id), await kinds(bob, id), await kinds(eve, id)]
    expect(found).to.deep.equal(expected.map((one) => one.filter(Boolean)))
  })

  it('GET /api/changes – account deleted → its assets deleted for their readers, nothing of the account stays', async () => {
    const gone = await signUp(app, 'gone')
    const open = await uploadAsset(gone, { visibility: 'public' })
    const closed = await uploadAsset(gone)
    await gone.put(`/api/assets/${closed.id}/collaborators/bob`).send({ access: 'read' }).expect(200)
    const other = await uploadAsset(ada)
    await ada.put(`/api/assets/${other.id}/collaborators/gone`).send({ access: 'read' }).expect(200)
    await root.delete(`/api/users/${gone.user._id}`).expect(204)
    await eventually(async () => expect(await User.exists({ _id: gone.user._id })).to.equal(null))
    expect(await kinds(bob, open.id)).to.deep.equal(['created', 'deleted'])
    expect(await kinds(bob, closed.id)).to.deep.equal(['created', 'deleted'])
    expect(await kinds(ada, closed.id)).to.deep.equal([])
    const changes = await Event.find({ kind: { $exists: true } }).lean()
    expect(JSON.stringify(changes)).not.to.include(gone.user.id)
  })

  it('GET /api/changes – account disabled and enabled → no change', async () => {
    const off = await signUp(app, 'off')
    const { id } = await uploadAsset(off, { visibility: 'public' })
    for (const disabled of [true, false])
      await root.patch(`/api/users/${off.user._id}`).send({ disabled }).expect(200)
    expect(await kinds(bob, id)).to.deep.equal(['created'])
  })

  it('GET /api/changes – change → listed within 3 s, and not again', async () => {
    const { next } = await read(bob)
    const { id } = await uploadAsset(ada, { visibility: 'public' })
    const stored = performance.now()
    const found = await eventually(async () => {
      const page = await read(bob, `since=${next}`)
      expect(page.changes.map((change) => change.id)).to.deep.equal([id])
      return page
    }, 3000)
    expect(performance.now() - stored).to.be.at.least(1000)
    expect((await read(bob, `since=${found.next}`)).changes).to.deep.equal([])
  })

  it('GET /api/changes – pages → every change once, oldest first; default 20 a page', async () => {
    for (let count = 0; count < 23; count += 1)
      await Event.record({
        ...{
          at: new Date(),
          expiresAt: new Date(Date.now() + DAY),
          kind: 'asset.updated',
          asset: new Types.ObjectId(),
        },
        readers: ['public', bob.user.id],
      })
    await age()
    const all = await Event.find().sort({ storedAt: 1, _id: 1 }).lean()
    const ids: string[] = []
    let page = await read(bob, '')
    expect(page.changes).to.have.length(20)
    for (page = await read(bob, 'limit=7'); page.changes.length > 0; ) {
      ids.push(...page.changes.map(({ id }) => id))
      page = await read(bob, `limit=7&since=${page.next}`)
    }
    expect(ids).to.deep.equal(all.map(({ asset }) => String(asset)))
    for (const limit of ['0', '101', 'x']) await bob.get(`/api/changes?limit=${limit}`).expect(400)
  })

  it('GET /api/changes – cursor mangled, of another user, too old, of another database → 400, 400, 410, 410', async () => {
    const { next } = await read(ada)
    const mangled = [next.slice(1), next.slice(0, -1), `${next}A`, `A${next.slice(1)}`, 'x', `${next}=`]
    for (const since of mangled)
      expect(await refusal(ada, since), since).to.deep.equal([400, 'validation_failed', 'since'])
    expect(await refusal(bob, next)).to.deep.equal([400, 'validation_failed', 'since'])
    const database = await Installation.currentId()
    const at = (days: number) => new Date(Date.now() - days * DAY)
    expect(await refusal(ada, cursorAt(at(29.9), ada, database))).to.deep.equal([200, undefined, undefined])
    const expired = [410, 'changes_expired', undefined]
    expect(await refusal(ada, cursorAt(at(30.1), ada, database))).to.deep.equal(expired)
    expect(await refusal(ada, cursorAt(at(1), ada, 'another'))).to.deep.equal(expired)
    await app.api.get('/api/changes').expect(401)
  })

  it('GET /api/changes – change older than 30 days, kept as activity → not listed', async () => {
    const { id } = await uploadAsset(ada)
    await ada.patch(`/api/assets/${id}`).send({ visibility: 'public' }).expect(200)
    await age(31 * DAY)
    expect((await read(ada)).changes).to.deep.equal([])
  })

  /** Lets the storing of events fail until `work` has ended, as if the process died before it. */
  async function withoutEvents(work: () => Promise<unknown>): Promise<void> {
    const { record } = Event
    Event.record = () => Promise.reject(new Error('no event'))
    await work().finally(() => {
      Event.record = record
    })
  }
  const overdue = () =>
    Asset.collection.updateMany(
      { 'announcements.0': { $exists: true } },
      { $set: { 'announcements.$[].at': new Date(0) } },
    )

  it('GET /api/changes – process dies between a change and its event → the sweep records it', async () => {
    const { id } = await uploadAsset(ada)
    const path = `/api/assets/${id}`
    await ada.put(`${path}/collaborators/bob`).send({ access: 'read' }).expect(200)
    const doomed = await uploadAsset(ada, { visibility: 'public' })
    await Event.deleteMany({})
    const fresh: string[] = []
    await withoutEvents(async () => {
      await ada.delete(`${path}/collaborators/bob`).expect(204)
      await ada.patch(path).send({ visibility: 'public' }).expect(200)
      await ada.put(`${path}/collaborators/eve`).send({ access: 'read' }).expect(200)
      await ada.delete(`/api/assets/${doomed.id}`).expect(204)
      fresh.push((await uploadAsset(ada, { visibility: 'public' })).id)
    })
    expect((await read(bob)).changes).to.deep.equal([])
    await overdue()
    expect(await sweep(app.context)).to.equal(true)
    expect(await kinds(ada, id)).to.deep.equal(['updated', 'updated', 'updated'])
    // as the asset is then: bob can read it, because it is public
    expect((await kinds(bob, id)).at(-1)).to.be.oneOf(['created', 'updated'])
    expect((await kinds(eve, id)).at(-1)).to.be.oneOf(['created', 'updated'])
    expect(await kinds(eve, doomed.id)).to.deep.equal(['deleted'])
    expect(await kinds(eve, String(fresh[0]))).to.deep.equal(['created'])
    const count = await Event.countDocuments()
    expect(await sweep(app.context)).to.equal(true)
    expect(await Event.countDocuments()).to.equal(count)
    expect(
      await Asset.countDocuments({ $or: [{ 'announcements.0': { $exists: true } }, { _id: doomed.id }] }),
    ).to.equal(0)
  })

  it('GET /api/changes – upload is finished by the sweep → created, once', async () => {
    const { id } = await uploadAsset(ada)
    const { uploads } = (await User.spaceOf(ada.user._id)) as { uploads: unknown[] }
    expect(uploads).to.deep.equal([])
    await Event.deleteMany({})
    const { settle } = User
    User.settle = () => Promise.reject(new Error('the process died'))
    const sent = ada.post('/api/assets').field('name', 'b').attach('files', obj(), 'b.obj')
    await withoutEvents(async () => sent.then(() => undefined)).finally(() => {
      User.settle = settle
    })
    await User.collection.updateMany({}, { $set: { 'space.uploads.$[].heartbeatAt': new Date(0) } })
    await overdue()
    await sweep(app.context)
    await sweep(app.context)
    await age()
    const { changes } = await read(ada)
    expect(changes.map(({ kind }) => kind)).to.deep.equal(['created'])
    expect(changes[0]?.id).not.to.equal(id)
  })

  it('GET /api/changes – event stored late → it has a new time, after every list that was read', async () => {
    const { collection } = Event
    const { updateOne } = collection
    let calls = 0
    const slow = async (...args: Parameters<typeof updateOne>) => {
      calls += 1
      const done = await updateOne.apply(collection, args)
      if (calls === 1) await new Promise((resolve) => setTimeout(resolve, 1100))
      return done
    }
    collection.updateOne = slow as typeof updateOne
    const begun = Date.now()
    await uploadAsset(ada).finally(() => {
      collection.updateOne = updateOne
    })
    const [event, ...others] = await Event.find().lean()
    expect([calls, others.length]).to.deep.equal([2, 0])
    expect(Number(event?.storedAt) - begun).to.be.greaterThan(1000)
  })

  it('GET /api/changes – two processes add and remove a collaborator at the same time → the last change agrees with the right', async () => {
    const { id } = await uploadAsset(ada)
    const there = requestsOf({ api: await app.secondInstance() }, ada.token)
    const path = `/api/assets/${id}/collaborators/bob`
    for (let round = 0; round < 4; round += 1)
      await Promise.all([
        ada.put(path).send({ access: 'read' }),
        there.delete(path),
        there.put(path).send({ access: 'read' }),
        ada.delete(path),
      ])
    const canRead = (await bob.get(`/api/assets/${id}`)).status === 200
    const last = (await kinds(bob, id)).at(-1)
    expect(last === 'deleted').to.equal(!canRead)
  })

  it('GET /api/changes – another process adds a collaborator before the removal has its event → removal recorded again', async () => {
    const { id } = await uploadAsset(ada)
    const path = `/api/assets/${id}/collaborators/bob`
    await ada.put(path).send({ access: 'read' }).expect(200)
    const there = requestsOf({ api: await app.secondInstance() }, ada.token)
    const { record } = Event
    let waits = true
    Event.record = async (event) => {
      const isRemoval = waits && event.action === 'collaborator.removed'
      if (isRemoval) {
        waits = false
        await there.put(path).send({ access: 'read' }).expect(200)
      }
      await record.call(Event, event)
    }
    await ada
      .delete(path)
      .expect(204)
      .then(() => undefined)
    Event.record = record
    expect(await kinds(bob, id)).to.satisfy((found: string[]) => found.at(-1) === 'created')
  })
})

describe('list of changes with ACTIVITY_DAYS below 30', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { ACTIVITY_DAYS: '7' } })
  })
  after(() => app.stop())

  it('GET /api/changes – change that is also an activity → two records, and the activity is kept for 7 days', async () => {
    const ada = await signUp(app, 'ada')
    const { id } = await uploadAsset(ada)
    await Event.deleteMany({})
    await ada.patch(`/api/assets/${id}`).send({ visibility: 'public' }).expect(200)
    const stored = await Event.find().sort({ expiresAt: 1 }).lean()
    const days = stored.map(({ expiresAt }) => Math.round((Number(expiresAt) - Date.now()) / DAY))
    expect(stored.map(({ action, kind }) => [action, kind])).to.deep.equal([
      ['asset.visibility_changed', undefined],
      [undefined, 'asset.updated'],
    ])
    expect(days).to.deep.equal([7, 31])
  })
})
