import { expect } from 'chai'
import fc from 'fast-check'
import { AppError } from '../../../app/errors.ts'
import { createMetrics } from '../../../app/metrics/metrics.ts'
import { FairQueue } from '../../../app/queues/fair-queue.ts'

/** A task that runs until `end` is called. */
interface Task {
  name: string
  end: () => void
  outcome: Promise<string>
}

/** Creates a queue whose tasks the test ends. `started` lists their names in the order in which they started. */
function controlledQueue(options: { concurrency: number; maxWaiting: number; perKey?: number }) {
  const queue = new FairQueue({ name: 'test', full: 'The test queue is full.', ...options })
  const started: string[] = []
  const tasks = new Map<string, Task>()
  const add = (key: string, name: string, signal?: AbortSignal, same?: string): Promise<string> => {
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const task = async () => {
      started.push(name)
      await ended
      return same ? `done by ${name}` : 'done'
    }
    const outcome = queue
      .run(key, task, signal, same)
      .catch((error: AppError) => `${error.status} ${error.code}`)
    tasks.set(name, { name, end, outcome })
    return outcome
  }
  const end = async (name: string) => {
    tasks.get(name)?.end()
    return tasks.get(name)?.outcome
  }
  return { queue, started, add, end }
}

/** Lets the queue start tasks. */
const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('FairQueue', () => {
  it('run – more tasks than concurrency → the keys take turns', async () => {
    const { started, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    for (const [key, name] of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map(
      (name) => [name[0] ?? '', name] as const,
    ))
      void add(key, name)
    for (const name of ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']) {
      await nextTick()
      expect(started.at(-1)).to.equal(name)
      expect(await end(name)).to.equal('done')
    }
  })

  it('run – concurrency 2 → two tasks run, and a task that ends starts the next', async () => {
    const { queue, started, add, end } = controlledQueue({ concurrency: 2, maxWaiting: 10 })
    for (const name of ['a1', 'a2', 'a3']) void add('a', name)
    await nextTick()
    expect(started).to.deep.equal(['a1', 'a2'])
    expect([queue.running, queue.waiting]).to.deep.equal([2, 1])
    await end('a2')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'a2', 'a3'])
  })

  it('run – perKey reached → another key starts first', async () => {
    const { started, add, end } = controlledQueue({ concurrency: 2, perKey: 1, maxWaiting: 10 })
    for (const name of ['a1', 'a2']) void add('a', name)
    void add('b', 'b1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'b1'])
    await end('b1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'b1'])
    await end('a1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'b1', 'a2'])
  })

  it('run – queue full of tasks of the same key → 503 unavailable with Retry-After, the message names the queue', async () => {
    const { queue, add } = controlledQueue({ concurrency: 1, maxWaiting: 2 })
    for (const name of ['a1', 'a2', 'a3']) void add('a', name)
    expect(await add('a', 'a4')).to.equal('503 unavailable')
    const error = await queue.run('a', async () => 'done').catch((thrown: AppError) => thrown)
    expect(error).to.be.instanceOf(AppError)
    if (!(error instanceof AppError)) return
    expect(error.message).to.equal('The test queue is full.')
    expect(Number(error.headers['Retry-After'])).to.be.greaterThan(0)
    expect([queue.waiting, queue.refused]).to.deep.equal([2, 2])
  })

  it('run – queue full of tasks of another key → the newest waiting task of that key is refused', async () => {
    const { queue, started, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 3 })
    void add('a', 'a1')
    const waiting = ['a2', 'a3', 'a4'].map((name) => add('a', name))
    void add('b', 'b1')
    expect(await waiting[2]).to.equal('503 unavailable')
    expect([queue.waiting, queue.refused]).to.deep.equal([3, 1])
    await end('a1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'b1'])
  })

  it('run – key without tasks for some time → starts before keys that always have tasks', async () => {
    const { started, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    for (const name of ['c1', 'a1', 'a2', 'a3', 'b1', 'b2']) void add(name[0] ?? '', name)
    for (const name of ['c1', 'a1', 'b1']) {
      await end(name)
      await nextTick()
    }
    void add('c', 'c2')
    await end('a2')
    await nextTick()
    expect(started).to.deep.equal(['c1', 'a1', 'b1', 'a2', 'c2'])
  })

  it('run – queue full, one waiting task for each key → the new task is refused', async () => {
    const { add } = controlledQueue({ concurrency: 1, maxWaiting: 2 })
    for (const key of ['a', 'b', 'c']) void add(key, `${key}1`)
    expect(await add('d', 'd1')).to.equal('503 unavailable')
  })

  it('run – signal aborts while the task waits → client_closed, the task never starts', async () => {
    const { queue, started, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    const client = new AbortController()
    void add('a', 'a1')
    const outcome = add('a', 'a2', client.signal)
    void add('a', 'a3')
    await nextTick()
    client.abort()
    expect(await outcome).to.equal('499 client_closed')
    expect([queue.waiting, queue.dropped]).to.deep.equal([1, 1])
    expect(await add('a', 'a4', client.signal)).to.equal('499 client_closed')
    await end('a1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'a3'])
  })

  it('run – signal aborts while the task runs → the task completes', async () => {
    const { queue, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    const client = new AbortController()
    void add('a', 'a1', client.signal)
    await nextTick()
    client.abort()
    expect(await end('a1')).to.equal('done')
    expect([queue.running, queue.dropped]).to.deep.equal([0, 0])
  })

  it('run – task throws or rejects → its error, and the next task starts', async () => {
    const { queue, started, add } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    const failing = queue.run('a', () => {
      throw new Error('broken')
    })
    void add('a', 'a1')
    expect(await failing.catch((error: Error) => error.message)).to.equal('broken')
    await nextTick()
    expect(started).to.deep.equal(['a1'])
    expect(queue.running).to.equal(1)
  })

  it('run – tasks with the same name wait, of several keys → the first that starts runs for all of them', async () => {
    const { queue, started, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    const client = new AbortController()
    const running = add('a', 'a1', undefined, 'page')
    await nextTick()
    const outcomes = [
      add('a', 'a2', undefined, 'page'),
      add('a', 'a3', undefined, 'other page'),
      add('b', 'b1', undefined, 'page'),
      add('b', 'b2', client.signal, 'page'),
      add('b', 'b3'),
    ]
    await nextTick()
    client.abort()
    await end('a1')
    await nextTick()
    expect(started).to.deep.equal(['a1', 'b1'])
    expect(queue.waiting).to.equal(2)
    // it comes after the task has read the data
    const late = add('b', 'b4', undefined, 'page')
    for (const name of ['b1', 'a3', 'b3', 'b4']) {
      await end(name)
      await nextTick()
    }
    expect(await running).to.equal('done by a1')
    expect(await Promise.all(outcomes)).to.deep.equal([
      'done by b1',
      'done by a3',
      'done by b1',
      '499 client_closed',
      'done',
    ])
    expect(await late).to.equal('done by b4')
    expect(started).to.deep.equal(['a1', 'b1', 'a3', 'b3', 'b4'])
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0])
  })

  it('run – task with the name of waiting tasks fails → they fail with its error', async () => {
    const { queue, add, end } = controlledQueue({ concurrency: 1, maxWaiting: 10 })
    void add('a', 'a1')
    const outcomes = [1, 2].map(() =>
      queue
        .run(
          'a',
          async () => {
            throw new Error('broken')
          },
          undefined,
          'page',
        )
        .catch((error: Error) => error.message),
    )
    await end('a1')
    expect(await Promise.all(outcomes)).to.deep.equal(['broken', 'broken'])
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0])
  })

  it('run – task ends with an error that all tasks would have → waiting tasks are refused with it, other tasks go on', async () => {
    const [away, own] = [new Error('away'), new Error('own')]
    const isCommon = (error: unknown) => error === away
    const queue = new FairQueue({ name: 'test', full: '', concurrency: 2, maxWaiting: 10, isCommon })
    let fail = (_error: Error) => {}
    let succeed = () => {}
    const never = async () => expect.fail('started')
    const outcomeOf = (task: Promise<unknown>) => task.catch((error: Error) => error.message)
    const outcomes = [
      queue.run('a', () => new Promise<void>((_resolve, reject) => (fail = reject))),
      queue.run('a', () => new Promise<string>((resolve) => (succeed = () => resolve('done')))),
      ...['a', 'b', 'b'].map((key) => queue.run(key, never)),
    ].map(outcomeOf)
    await nextTick()
    fail(away)
    await nextTick()
    expect(await outcomeOf(queue.run('c', () => Promise.reject(own)))).to.equal('own')
    succeed()
    expect(await Promise.all(outcomes)).to.deep.equal(['away', 'done', 'away', 'away', 'away'])
    expect([queue.waiting, queue.running, queue.refused]).to.deep.equal([0, 0, 3])
  })

  it('run – any sequence of new tasks, ends and aborts → limits hold and every task settles', async () => {
    const action = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('add', 'end', 'abort'),
    })
    const property = fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const { queue, started, add, end } = controlledQueue({ concurrency: 2, perKey: 1, maxWaiting: 4 })
      const clients: AbortController[] = []
      const outcomes: Promise<string>[] = []
      let ended = 0
      for (const { key, kind } of actions) {
        if (kind === 'add') {
          const client = new AbortController()
          clients.push(client)
          outcomes.push(add(key, `${key}${outcomes.length}`, client.signal))
        } else if (kind === 'abort') clients.shift()?.abort()
        else if (started[ended]) await end(String(started[ended++]))
        await nextTick()
        expect(queue.running).to.be.within(0, 2)
        expect(queue.waiting).to.be.within(0, 4)
      }
      while (started[ended]) {
        await end(String(started[ended++]))
        await nextTick()
      }
      const settled = await Promise.all(outcomes)
      expect(settled.filter((outcome) => outcome === 'done')).to.have.length(started.length)
      expect([queue.running, queue.waiting]).to.deep.equal([0, 0])
      expect(started.length + queue.refused + queue.dropped).to.equal(outcomes.length)
    })
    await fc.assert(property, { numRuns: 200 })
  })

  it('metrics – tasks run, wait, are refused and dropped → /metrics shows the numbers', async () => {
    const { queue, add } = controlledQueue({ concurrency: 1, maxWaiting: 1 })
    const client = new AbortController()
    client.abort()
    for (const name of ['a1', 'a2', 'a3']) void add('a', name)
    await add('a', 'a4', client.signal)
    const { registry } = createMetrics([queue])
    for (const scrape of [await registry.metrics(), await registry.metrics()]) {
      expect(scrape).to.match(/^queue_running\{queue="test"\} 1$/m)
      expect(scrape).to.match(/^queue_waiting\{queue="test"\} 1$/m)
      expect(scrape).to.match(/^queue_refused_total\{queue="test"\} 1$/m)
      expect(scrape).to.match(/^queue_dropped_total\{queue="test"\} 1$/m)
    }
  })
})
