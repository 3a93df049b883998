import { expect } from 'chai'
import { Asset, notLocked } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { stateOf } from '../support/app/state.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'

const HOUR = 3_600_000

describe('asset locks', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let asset: AssetAnswer
  const later = (hours: number) => new Date(app.clock.now().getTime() + hours * HOUR).toISOString()
  const lock = (body: object) => ada.put(`/api/assets/${asset.id}/lock`).send(body)
  const lockedAssets = () => Asset.countDocuments({ owner: ada.user._id, $nor: [notLocked(app.clock.now())] })
  const stored = () => Asset.findById(asset.id).orFail().lean()

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada, {}, { 'a.png': await png(), 'b.obj': obj() })
    await ada.put(`/api/assets/${asset.id}/collaborators/bob`).send({ access: 'write' }).expect(200)
    await ada
      .post(`/api/assets/${asset.id}/images`)
      .attach('images', await png(), 'a.png')
      .expect(201)
  })
  after(() => app.stop())

  const CHANGES: [
    name: string,
    change: (user: TestUser, url: string, image: string) => PromiseLike<{ status: number }>,
  ][] = [
    ['PATCH', (user, url) => user.patch(url).send({ name: 'x' })],
    ['replacement', (user, url) => user.put(`${url}/files`).attach('files', obj(), 'x.obj')],
    ['another image', async (user, url) => user.post(`${url}/images`).attach('images', await png(), 'x.png')],
    ['removal of an image', (user, url, image) => user.delete(`${url}/images/${image}`)],
  ]
  const LOCKS: [name: string, body: () => object][] = [
    ['governance', () => ({ mode: 'governance', until: later(2) })],
    ['compliance', () => ({ mode: 'compliance', until: later(2) })],
    ['a legal hold', () => ({ legalHold: true })],
  ]
  for (const [name, body] of LOCKS)
    it(`PUT /api/assets/:id/lock – ${name} → owner, writer and account deletion cannot change the asset`, async () => {
      const { body: answer } = await lock(body()).expect(200)
      expect(answer.res.asset.lock).to.have.all.keys('mode', 'until', 'legalHold')
      expect(answer.res.asset.version).to.equal(3)
      const before = await stateOf(app)
      const image = String((await stored()).images[0]?.id)
      const url = `/api/assets/${asset.id}`
      for (const [what, change] of CHANGES)
        for (const user of [ada, bob]) expect((await change(user, url, image)).status, what).to.equal(423)
      const { body: refused } = await ada.delete(url).expect(423)
      expect(refused.err.code).to.equal('locked')
      const until = (await stored()).lock?.until?.toISOString()
      const message = until ? `a ${name} lock runs until ${until}` : 'a legal hold runs until it is ended'
      expect(refused.err.details).to.deep.equal([{ field: 'lock', message }])
      const { body: held } = await ada.delete('/api/users/me').send({ password: PASSWORD }).expect(423)
      const [detail] = held.err.details
      expect(detail.field).to.equal('assets')
      expect(detail.message).to.match(/^\d+ locked assets? prevents? the deletion$/)
      expect(parseInt(detail.message, 10)).to.equal(await lockedAssets())
      expect(await stateOf(app)).to.deep.equal(before)
      await ada.get(`${url}/download`).expect(200)
    })

  it('PUT /api/assets/:id/lock – locked asset → owner still sets visibility, collaborators and links', async () => {
    await lock({ mode: 'compliance', until: later(1) }).expect(200)
    const url = `/api/assets/${asset.id}`
    await ada.patch(url).send({ visibility: 'public' }).expect(200)
    await ada.delete(`${url}/collaborators/bob`).expect(204)
    await ada.post(`${url}/links`).send({}).expect(201)
    await ada.patch(url).send({ visibility: 'private', name: 'x' }).expect(423)
    expect(await stored()).to.include({ visibility: 'public' })
  })

  it('PUT /api/assets/:id/lock – period ended on the server clock → not locked', async () => {
    await lock({ mode: 'compliance', until: later(1) }).expect(200)
    app.clock.advance(HOUR + 1000)
    const { body } = await ada.get(`/api/assets/${asset.id}`).expect(200)
    expect(body.res.asset.lock).to.equal(null)
    await ada.patch(`/api/assets/${asset.id}`).send({ name: 'free' }).expect(200)
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
  })

  it('PUT /api/assets/:id/lock – later end or stronger mode → 200; earlier or weaker → refused', async () => {
    await lock({ mode: 'governance', until: later(2) }).expect(200)
    await lock({ mode: 'governance', until: later(1) }).expect(423)
    await lock({ mode: 'governance', until: later(3) }).expect(200)
    await lock({ mode: 'compliance', until: later(4) }).expect(200)
    await lock({ mode: 'governance', until: later(5) }).expect(423)
    await lock({ mode: 'compliance', until: later(3) }).expect(423)
    await lock({ legalHold: true }).expect(200)
    const kept = (await stored()).lock
    expect(kept).to.include({ mode: 'compliance', legalHold: true })
    await ada.delete(`/api/assets/${asset.id}/lock`).expect(204)
    expect((await stored()).lock).to.include({ mode: 'compliance', legalHold: false })
    await ada.delete(`/api/assets/${asset.id}/lock`).expect(423)
    await ada.delete(`/api/assets/${asset.id}`).expect(423)
  })

  it('DELETE /api/assets/:id/lock – legal hold without a period → removed', async () => {
    await lock({ legalHold: true }).expect(200)
    await ada.delete(`/api/assets/${asset.id}/lock`).expect(204)
    await ada.delete(`/api/assets/${asset.id}/lock`).expect(204)
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
  })

  it('PUT /api/assets/:id/lock – replacement already running → replacement or lock refused', async () => {
    const [replaced, locked] = await Promise.all([
      ada.put(`/api/assets/${asset.id}/files`).attach('files', Buffer.alloc(2_000_000), 'x.bin'),
      lock({ mode: 'compliance', until: later(1) }),
    ])
    expect([200, 423]).to.include(replaced.status)
    expect([200, 409]).to.include(locked.status)
    const { lock: kept, files } = await stored()
    if (kept && replaced.status === 423)
      expect(files.map(({ name }) => name)).to.deep.equal(['a.png', 'b.obj'])
  })

  const REFUSED: [name: string, body: () => object, field: string][] = [
    ['nothing', () => ({}), 'mode'],
    ['a mode without an end', () => ({ mode: 'governance' }), 'until'],
    ['an end without a mode', () => ({ until: later(1) }), 'mode'],
    ['an end in the past', () => ({ mode: 'governance', until: '2001-01-01' }), 'until'],
    ['a week for an end', () => ({ mode: 'governance', until: '2999-W01' }), 'until'],
    ['an end beyond LOCK_MAX_DAYS', () => ({ mode: 'compliance', until: later(3650 * 24 + 1) }), 'until'],
    ['the year 9999', () => ({ mode: 'governance', until: '9999-12-31' }), 'until'],
    ['an unknown mode', () => ({ mode: 'iron', until: later(1) }), 'mode'],
    ['a hold that is false', () => ({ legalHold: false }), 'legalHold'],
  ]
  for (const [name, body, field] of REFUSED)
    it(`PUT /api/assets/:id/lock – ${name} → 400, no lock`, async () => {
      const { body: answer } = await lock(body()).expect(400)
      expect(answer.err.details[0].field).to.equal(field)
      expect((await stored()).lock).to.equal(null)
    })
})

describe('limits of locks set by the operator', () => {
  const DAYS = 24 * HOUR
  /** Status of a compliance lock on one's own asset for a user and an admin, by setting. */
  const POLICIES: [policy: string, user: number, admin: number][] = [
    ['on', 200, 200],
    ['admin', 403, 200],
    ['off', 403, 403],
  ]
  for (const [policy, user, admin] of POLICIES)
    it(`PUT /api/assets/:id/lock – COMPLIANCE_LOCKS=${policy} → ${user} for a user, ${admin} for an admin`, async () => {
      const app = await startApp({ env: { COMPLIANCE_LOCKS: policy, LOCK_MAX_DAYS: '10' } })
      try {
        const senders = [
          [await signUp(app, 'ada'), user],
          [await signUpAdmin(app, 'root'), admin],
        ] as const
        for (const [sender, status] of senders) {
          const { id } = await uploadAsset(sender)
          const lock = (mode: string, days: number) =>
            sender
              .put(`/api/assets/${id}/lock`)
              .send({ mode, until: new Date(app.clock.now().getTime() + days * DAYS) })
          await lock('governance', 10.1).expect(400)
          const { body } = await lock('compliance', 9).expect(status)
          const { lock: kept } = await Asset.findById(id).orFail().lean()
          expect(kept?.mode ?? null).to.equal(status === 200 ? 'compliance' : null)
          if (status === 403) {
            expect(body.err.code).to.equal('forbidden')
            await lock('governance', 9).expect(200)
          }
        }
      } finally {
        await app.stop()
      }
    })
})
