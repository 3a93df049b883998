import { expect } from 'chai'
import { Types } from 'mongoose'
import { Session, tokenIdOf } from '../../models/session.ts'
import { startApp, type TestApp } from '../support/app/app.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = new Date('2030-01-01T00:00:00Z')
const later = (duration: number) => new Date(NOW.getTime() + duration)

describe('Session', () => {
  let app: TestApp
  const user = new Types.ObjectId()
  const begin = (userAgent = 'tests') =>
    Session.begin({ user, now: NOW, idleMs: 48 * HOUR, userAgent, address: undefined })
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  it('findActive – idle time passed → null, even if the document still exists', async () => {
    const session = await begin()
    const { _id } = session
    expect(await Session.findActive(tokenIdOf(session), later(48 * HOUR - 1))).to.deep.include({ _id, user })
    expect(await Session.findActive(tokenIdOf(session), later(48 * HOUR))).to.equal(null)
    expect(await Session.findById(_id)).to.not.equal(null)
  })

  it('isEnded – removed before it expires → true; not removed, or removed after it expired → false', async () => {
    const session = await begin()
    expect(await Session.isEnded(session)).to.equal(false)
    await Session.end(session._id)
    expect(await Session.isEnded(session)).to.equal(true)
    expect(await Session.isEnded({ ...session, expiresAt: new Date(Date.now() - 1) })).to.equal(false)
  })

  it('findActive – wrong or missing key → null; session of an earlier version without a key → found', async () => {
    const session = await begin()
    const other = await begin()
    expect(session.key)
      .to.match(/^[\w-]{22}$/)
      .and.not.equal(other.key)
    for (const wrong of [
      `${session._id}`,
      `${session._id}.${other.key}`,
      `${session._id}.`,
      `.${session.key}`,
      '',
    ])
      expect(await Session.findActive(wrong, NOW), wrong).to.equal(null)

    const { key, ...earlier } = { ...session, _id: new Types.ObjectId() }
    await Session.collection.insertOne(earlier)
    expect(await Session.findActive(`${earlier._id}`, NOW)).to.deep.include({ _id: earlier._id })
    expect(await Session.findActive(`${earlier._id}.${key}`, NOW)).to.equal(null)
  })

  it('touch – session in use → expiry moves, at most to 30 days after sign-in', async () => {
    const session = await begin()
    const expiries: number[] = []
    for (const day of [1, 2, 28, 29.5]) {
      await Session.touch(session, later(day * DAY), 48 * HOUR)
      expiries.push((await Session.findById(session._id).orFail()).expiresAt.getTime())
    }
    expect(expiries).to.deep.equal([3, 4, 30, 30].map((day) => later(day * DAY).getTime()))
  })

  it('touch – earlier access recorded later → lastAccessAt does not move back', async () => {
    const session = await begin()
    const late = { ...session }
    await Session.touch(session, later(2 * HOUR), 48 * HOUR)
    await Session.touch(late, later(HOUR), 48 * HOUR)
    expect((await Session.findById(session._id).orFail()).lastAccessAt).to.deep.equal(later(2 * HOUR))
  })

  it('begin – long user agent → first 500 characters stored', async () => {
    const { _id } = await begin('x'.repeat(10_000))
    expect((await Session.findById(_id).orFail()).userAgent).to.have.length(500)
  })
})
