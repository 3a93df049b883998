import { expect } from 'chai'
import { Types } from 'mongoose'
import { Session, tokenIdOf } from '../../models/session.ts'
import { currentAccount } from '../../models/session-account.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = new Date('2030-01-01T00:00:00Z')
const ACCOUNT = { username: 'ada', access: 'user', version: 0 } as const
const later = (duration: number) => new Date(NOW.getTime() + duration)

describe('Session', () => {
  let app: TestApp
  const user = new Types.ObjectId()
  const begin = (userAgent = 'tests') =>
    Session.begin({ user, account: ACCOUNT, now: NOW, idleMs: 48 * HOUR, userAgent, address: undefined })
  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
  })
  after(() => app.stop())

  it('findActive – several tokens at once → one query; a wrong key or an ended session → null', async () => {
    const [one, other] = [await begin('one'), await begin('other')]
    const ended = await begin()
    await Session.end(ended._id)
    const tokens = [
      tokenIdOf(one),
      tokenIdOf(other),
      tokenIdOf(one),
      `${one._id}.${other.key}`,
      tokenIdOf(ended),
    ]
    const find = () => Promise.all(tokens.map((token) => Session.findActive(token, NOW)))
    let found: Awaited<ReturnType<typeof find>> = []
    const commands = await monitorCommands(async () => {
      found = await find()
    })
    expect(commands).to.deep.equal(['sessions.find'])
    expect(found.map((session) => session?.userAgent)).to.deep.equal([
      'one',
      'other',
      'one',
      undefined,
      undefined,
    ])
    expect(found[0]).to.not.equal(found[2])
    await Session.end(one._id)
    expect((await find()).map(Boolean)).to.deep.equal([false, true, false, false, false])
  })

  it('findActive – idle time passed → null, even if the document still exists', async () => {
    const session = await begin()
    const { _id } = session
    expect(await Session.findActive(tokenIdOf(session), later(48 * HOUR - 1))).to.deep.include({ _id, user })
    expect(await Session.findActive(tokenIdOf(session), later(48 * HOUR))).to.equal(null)
    expect(await Session.findById(_id)).to.not.equal(null)
  })

  it('currentAccount – session stored → its account; removed before it expires → null; after it expired → the user', async () => {
    const { _id } = await User.register({ username: 'eve' }, 'a password', { cost: 4, access: 'admin' })
    const session = { ...(await begin()), user: _id }
    expect(await currentAccount(session, NOW)).to.deep.equal(ACCOUNT)
    await Session.end(session._id)
    expect(await currentAccount(session, NOW)).to.equal(null)
    expect(await currentAccount(session, later(49 * HOUR))).to.include({ access: 'admin' })
    await User.updateOne({ _id }, { disabled: true })
    expect(await currentAccount(session, later(49 * HOUR))).to.equal(null)
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
