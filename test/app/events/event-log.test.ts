import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { pino } from 'pino'
import { systemClock } from '../../../app/clock.ts'
import { createEventLog } from '../../../app/events/event-log.ts'
import '../../../app/lifecycle/database.ts'
import { loadConfig } from '../../../config/env.ts'
import { forgetReader } from '../../../models/change-feed.ts'
import { Event } from '../../../models/event.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

const DAY = 86_400_000

describe('event log', () => {
  it('record – record cannot be written → the whole record is logged, no error', async () => {
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
    const events = createEventLog({ clock: systemClock, config: loadConfig({}), log })
    const user = new Types.ObjectId()
    expect(mongoose.connection.readyState, 'no database').to.equal(0)
    await events.record({ action: 'asset.deleted', user, target: { type: 'asset', id: 'a1' } })
    expect(lines).to.have.length(1)
    const line = JSON.parse(String(lines[0]))
    expect(line).to.include({ level: 50, msg: 'an event could not be recorded' })
    expect(line.err.stack).to.be.a('string')
    expect(line.event).to.deep.include({ action: 'asset.deleted', target: { type: 'asset', id: 'a1' } })
    expect(line.event.user).to.equal(user.toString())
  })
})

describe('events of a request', () => {
  let app: TestApp
  let ada: TestUser
  let root: TestUser
  let asset: AssetAnswer
  before(async () => {
    app = await startApp()
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
    await signUp(app, 'bob')
  })
  after(() => app.stop())
  beforeEach(async () => {
    asset = await uploadAsset(ada)
    await Event.deleteMany({})
  })
  const url = (rest = '') => `/api/assets/${asset.id}${rest}`
  const file = Buffer.from('v 0 0 0\n')

  /** What a request does, and the action and the kind of its only event. */
  const ROWS: [
    what: string,
    action: string | undefined,
    kind: string | undefined,
    send: () => PromiseLike<unknown>,
  ][] = [
    ['upload', undefined, 'asset.created', () => uploadAsset(ada)],
    ['name changed', undefined, 'asset.updated', () => ada.patch(url()).send({ name: 'b' }).expect(200)],
    [
      'visibility changed',
      'asset.visibility_changed',
      'asset.updated',
      () => ada.patch(url()).send({ visibility: 'public' }).expect(200),
    ],
    [
      'files replaced',
      undefined,
      'asset.updated',
      () => ada.put(url('/files')).attach('files', file, 'a.obj').expect(200),
    ],
    [
      'image added',
      undefined,
      'asset.updated',
      async () =>
        ada
          .post(url('/images'))
          .attach('images', await png(), 'a.png')
          .expect(201),
    ],
    [
      'collaborator added',
      'collaborator.set',
      'asset.updated',
      () => ada.put(url('/collaborators/bob')).send({ access: 'read' }).expect(200),
    ],
    ['link created', 'link.created', undefined, () => ada.post(url('/links')).send({}).expect(201)],
    [
      'lock set',
      'lock.set',
      'asset.updated',
      () => ada.put(url('/lock')).send({ legalHold: true }).expect(200),
    ],
    ['asset deleted', 'asset.deleted', 'asset.deleted', () => ada.delete(url()).expect(204)],
    [
      'quota changed',
      'user.changed',
      'space',
      () =>
        root
          .patch(`/api/users/${ada.user.id}`)
          .send({ space: { limit: 5e9 } })
          .expect(200),
    ],
  ]
  for (const [what, action, kind, send] of ROWS)
    it(`record – ${what} → one document`, async () => {
      await send()
      const stored = await Event.find().lean()
      expect(stored.map((event) => [event.action, event.kind])).to.deep.equal([[action, kind]])
      for (const { storedAt, processId } of stored) {
        expect(storedAt instanceof Date).to.equal(kind !== undefined)
        expect(processId).to.equal(kind && app.context.events.processId)
      }
    })

  it('record – asset taken down → one document', async () => {
    await ada.patch(url()).send({ visibility: 'public' }).expect(200)
    await Event.deleteMany({})
    await root.delete(`/api/admin/assets/${asset.id}`).expect(204)
    const stored = await Event.find().lean()
    expect(stored.map((event) => [event.action, event.kind])).to.deep.equal([
      ['asset.taken_down', 'asset.deleted'],
    ])
    expect(stored[0]?.readersBefore).to.have.members(['public', ada.user.id])
  })

  it('record – collaborator that is no user → name not among the readers', async () => {
    await ada.put(url('/collaborators/nobody')).send({ access: 'read' }).expect(200)
    await ada.delete(url()).expect(204)
    const stored = await Event.find().sort({ at: 1 }).lean()
    expect(stored.map(({ readers, readersBefore }) => [readers, readersBefore])).to.deep.equal([
      [[ada.user.id], undefined],
      [[ada.user.id], [ada.user.id]],
    ])
  })

  const forget = async () => {
    await Event.forget(ada.user._id)
    await forgetReader(ada.user._id)
  }

  it('forget – activity that is also a change → only the change stays, for other readers, without the account', async () => {
    await ada.delete(url()).expect(204)
    await forget()
    expect(await Event.find().lean()).to.deep.equal([])

    const { id } = await uploadAsset(ada, { visibility: 'public' })
    await ada.delete(`/api/assets/${id}`).expect(204)
    await Event.deleteMany({ kind: { $ne: 'asset.deleted' } })
    await forget()
    const [event, ...others] = await Event.find().lean()
    expect(others).to.deep.equal([])
    expect(event).to.have.all.keys(
      ...[
        '_id',
        'at',
        'storedAt',
        'processId',
        'kind',
        'asset',
        'readers',
        'readersBefore',
        'space',
        'expiresAt',
      ],
    )
    expect([event?.readers, event?.readersBefore]).to.deep.equal([['public'], ['public']])
    expect(Number(event?.expiresAt) - Date.now()).to.be.within(30 * DAY, 31 * DAY)
  })
})
