import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { pino } from 'pino'
import { Alarm } from '../../../app/events/alarm.ts'
import { createFeed } from '../../../app/events/feed.ts'
import { followOthers } from '../../../app/events/follow-others.ts'
import { InsertStream } from '../../../app/events/insert-stream.ts'
import { Change, type NewChange } from '../../../models/change.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { eventually } from '../../support/eventually.ts'

const log = pino({ level: 'silent' })
const MINUTE = 60_000

class FakeStream extends EventEmitter {
  closed = false
  async close(): Promise<void> {
    this.closed = true
    this.emit('close')
  }
}

describe('changes of other processes', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const follow = (pauseMs: number) => {
    const heard: NewChange[] = []
    const over = new AbortController()
    const feed = createFeed({ log })
    const following = followOthers(
      { changes: feed, log },
      { pauseMs, wanted: () => true, heard: (change) => heard.push(change) },
      over.signal,
    )
    const end = () => {
      over.abort()
      return following
    }
    return { feed, heard, end }
  }
  const change = () => ({ kind: 'space' as const, asset: null, owner: new Types.ObjectId(), space: true })

  it('listen – changes of other processes, with or without change streams → once each, own ones not', async () => {
    const one = follow(20)
    const other = createFeed({ log })
    const made = Array.from({ length: 5 }, change)
    await one.feed.publish(change())
    for (const each of made) await other.publish(each)
    const owners = () => one.heard.map(({ owner }) => owner.toString())
    await eventually(() => expect(owners()).to.have.members(made.map(({ owner }) => owner.toString())))
    await other.publish(change())
    await eventually(() => expect(one.heard).to.have.length(6))
    await one.end()
  })

  it('listen – record readable after later ones → still received', async () => {
    const one = follow(20)
    const other = createFeed({ log })
    await other.publish(change())
    await eventually(() => expect(one.heard).to.have.length(1))
    const late = { ...change(), readers: null, processId: other.processId, at: new Date(Date.now() - 1000) }
    const { at } = await Change.findOne({ processId: other.processId }).orFail()
    await Change.create({ ...late, at })
    await eventually(() => expect(one.heard).to.have.length(2))
    await one.end()
  })

  it('publish – record cannot be written → the change succeeds', async () => {
    const { record } = Change
    const feed = createFeed({ log })
    const heard: NewChange[] = []
    feed.listen((one) => heard.push(one))
    Change.record = () => Promise.reject(new Error('the database is gone'))
    await feed.publish(change()).finally(() => {
      Change.record = record
    })
    expect(heard).to.have.length(1)
  })

  it('close – poll running → ends at once', async () => {
    const one = follow(10 * MINUTE)
    await one.end()
  })
})

describe('change stream', () => {
  it('change stream – engine supports it → one event for each insertion, opened once', async () => {
    const fake = new FakeStream()
    let opened = 0
    let told = 0
    const open = () => {
      opened += 1
      return fake
    }
    const stream = new InsertStream({ open, inserted: () => told++, log })
    stream.ensure()
    stream.ensure()
    fake.emit('change')
    fake.emit('change')
    expect({ opened, told }).to.deep.equal({ opened: 1, told: 2 })
    await stream.close()
    expect(fake.closed).to.equal(true)
  })

  it('change stream – engine does not support it → silent, not tried again soon', () => {
    const opened: FakeStream[] = []
    const open = () => {
      const fake = new FakeStream()
      opened.push(fake)
      return fake
    }
    const stream = new InsertStream({ open, inserted: () => undefined, log })
    stream.ensure()
    opened[0]?.emit('error', new Error('$changeStream is not supported'))
    stream.ensure()
    expect(opened).to.have.length(1)
  })
})

describe('alarm', () => {
  it('alarm – rung now or before → wakes', async () => {
    const alarm = new Alarm()
    alarm.ring()
    await alarm.sleep(MINUTE)
    const sleeping = alarm.sleep(MINUTE)
    alarm.ring()
    await sleeping
  })
})
