import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { pino } from 'pino'
import { systemClock } from '../../../app/clock.ts'
import { createEventLog } from '../../../app/events/event-log.ts'
import { followOtherProcesses, InsertStream, Sleeper } from '../../../app/events/follow-other-processes.ts'
import { loadConfig } from '../../../config/env.ts'
import { type Change, Event } from '../../../models/event.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { eventually } from '../../support/eventually.ts'

const log = pino({ level: 'silent' })
const MINUTE = 60_000
const createLog = () => createEventLog({ clock: systemClock, config: loadConfig({}), log })

class FakeStream extends EventEmitter {
  closed = false
  async close(): Promise<void> {
    this.closed = true
    this.emit('close')
  }
}

describe('followOtherProcesses', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const follow = (pollMs: number) => {
    const received: Change[] = []
    const over = new AbortController()
    const events = createLog()
    const following = followOtherProcesses(
      { events, log },
      { pollMs, isWanted: () => true, onChange: (change) => received.push(change) },
      over.signal,
    )
    const end = () => {
      over.abort()
      return following
    }
    return { events, received, end }
  }
  const change = () => ({ kind: 'space' as const, asset: null, owner: new Types.ObjectId(), space: true })

  it('followOtherProcesses – changes of another process → each received once, own changes not', async () => {
    const one = follow(20)
    const other = createLog()
    const made = Array.from({ length: 5 }, change)
    await one.events.record(change())
    for (const each of made) await other.record(each)
    const owners = () => one.received.map(({ owner }) => String(owner))
    await eventually(() => expect(owners()).to.have.members(made.map(({ owner }) => owner.toString())))
    await other.record(change())
    await eventually(() => expect(one.received).to.have.length(6))
    await one.end()
  })

  it('followOtherProcesses – record readable after later ones → still received', async () => {
    const one = follow(20)
    const other = createLog()
    await other.record(change())
    await eventually(() => expect(one.received).to.have.length(1))
    const { _id, ...first } = await Event.findOne({ processId: other.processId }).lean().orFail()
    await Event.create({ ...first, owner: new Types.ObjectId() })
    await eventually(() => expect(one.received).to.have.length(2))
    await one.end()
  })

  it('record – record cannot be written → local listeners called, no error', async () => {
    const { record } = Event
    const events = createLog()
    const received: Change[] = []
    events.listen((one) => received.push(one))
    Event.record = () => Promise.reject(new Error('the database is unreachable'))
    await events.record(change()).finally(() => {
      Event.record = record
    })
    expect(received).to.have.length(1)
  })

  it('followOtherProcesses – signal aborts during a pause → ends at once', async () => {
    const one = follow(10 * MINUTE)
    await one.end()
  })
})

describe('InsertStream', () => {
  it('InsertStream – database has change streams → one call for each insertion, opened once', async () => {
    const fake = new FakeStream()
    let opened = 0
    let reported = 0
    const open = () => {
      opened += 1
      return fake
    }
    const stream = new InsertStream({ open, onInsert: () => reported++, log })
    stream.ensureOpen()
    stream.ensureOpen()
    fake.emit('change')
    fake.emit('change')
    expect({ opened, reported }).to.deep.equal({ opened: 1, reported: 2 })
    await stream.close()
    expect(fake.closed).to.equal(true)
  })

  it('InsertStream – database has no change streams → not opened again at once', () => {
    const opened: FakeStream[] = []
    const open = () => {
      const fake = new FakeStream()
      opened.push(fake)
      return fake
    }
    const stream = new InsertStream({ open, onInsert: () => undefined, log })
    stream.ensureOpen()
    opened[0]?.emit('error', new Error('$changeStream is not supported'))
    stream.ensureOpen()
    expect(opened).to.have.length(1)
  })
})

describe('Sleeper', () => {
  it('Sleeper – woken before or during the sleep → returns', async () => {
    const sleeper = new Sleeper()
    sleeper.wake()
    await sleeper.sleep(MINUTE)
    const sleeping = sleeper.sleep(MINUTE)
    sleeper.wake()
    await sleeping
  })
})
