import { expect } from 'chai'
import { ApiError } from '../../web/src/api/errors.ts'
import type { Change } from '../../web/src/upload/item.ts'
import { actionsOf, changeOf, hasFailed, NO_FIELDS, type UploadItem } from '../../web/src/upload/item.ts'
import type { Message } from '../../web/src/upload/items.ts'
import type { Progress, QueueStore, Transport } from '../../web/src/upload/parts.ts'
import { PARALLEL, UploadQueue } from '../../web/src/upload/queue.ts'
import { delayAfter, MAX_ATTEMPTS, parseRetryAfter } from '../../web/src/upload/retry.ts'
import { Speed, secondsLeft } from '../../web/src/upload/speed.ts'
import { eventually } from '../support/eventually.ts'

interface Sent {
  item: UploadItem
  progress: Progress
  succeed(): void
  fail(code: string, retryAfterMs?: number): void
}

/** A service whose answers the test gives. */
class FakeService implements Transport {
  readonly sent: Sent[] = []
  readonly changes: Change[] = []
  readonly removed: string[] = []
  duplicate: { id: string; name: string } | null = null

  upload(item: UploadItem, _files: File[], progress: Progress): Promise<string> {
    return new Promise((resolve, reject) => {
      progress.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      const fail = (code: string, retryAfterMs?: number) =>
        reject(Object.assign(new ApiError(code, `failed: ${code}`), { retryAfterMs }))
      this.sent.push({ item, progress, fail, succeed: () => resolve(`asset of ${item.name}`) })
    })
  }

  async change(_assetId: string, change: Change): Promise<void> {
    this.changes.push(change)
  }

  async addPicture(): Promise<void> {}

  async remove(assetId: string): Promise<void> {
    this.removed.push(assetId)
  }

  async findDuplicate(): Promise<{ id: string; name: string } | null> {
    return this.duplicate
  }
}

/** What a browser keeps between pages. */
class FakeStore implements QueueStore {
  readonly items = new Map<string, UploadItem>()
  readonly files = new Map<string, File[] | 'permission'>()
  all = async () => [...this.items.values()]
  put = async (item: UploadItem) => void this.items.set(item.id, item)
  remove = async (id: string) => void this.items.delete(id)
  keep = async () => false
  open = async (id: string, ask: boolean) => {
    const files = this.files.get(id) ?? null
    return files === 'permission' && ask ? [fileOf('a')] : files
  }
  putPicture = async () => undefined
  picture = async () => null
}

const fileOf = (name: string, content = name) => new File([content], name)
const chosen = (name: string) => [{ file: fileOf(name), path: name }]
let ids = 0

function start(windowId: string, { service = new FakeService(), store = new FakeStore() } = {}) {
  const messages: Message[] = []
  const clock = { now: 1000 }
  const queue = new UploadQueue({
    ...{ store, transport: service, windowId },
    hash: async (file) => `sha256 of ${await file.text()}`,
    post: (message) => messages.push(message),
    onStored: () => undefined,
    isOnline: () => true,
    now: () => clock.now,
    newId: () => `id ${++ids}`,
  })
  queue.setAccount('ada')
  const stateOf = (name: string) => queue.items.find((item) => item.name === name)?.state
  const sentOf = async (name: string): Promise<Sent> => {
    let found: Sent | undefined
    await eventually(async () => {
      found = service.sent.findLast(({ item }) => item.name === name)
      expect(found).not.to.equal(undefined)
    })
    return found as Sent
  }
  return { queue, service, store, messages, clock, stateOf, sentOf }
}

const idOf = (queue: UploadQueue, name: string) => String(queue.items.find((item) => item.name === name)?.id)

describe('queue of uploads', () => {
  it('queue – five files → three run, the others follow in their order', async () => {
    const { queue, service, stateOf, sentOf } = start('w')
    for (const name of ['a', 'b', 'c', 'd', 'e']) await queue.add(chosen(name), null)
    await sentOf('c')
    expect(service.sent).to.have.length(PARALLEL)
    expect(stateOf('d')).to.equal('waiting')
    ;(await sentOf('b')).succeed()
    await sentOf('d')
    expect(stateOf('b')).to.equal('done')
    expect(stateOf('e')).to.equal('waiting')
  })

  it('queue – paused, resumed, cancelled while running → begins again with the same key; cancelled is gone', async () => {
    const { queue, service, stateOf, sentOf } = start('w')
    await queue.add(chosen('a'), null)
    const first = await sentOf('a')
    await queue.act(idOf(queue, 'a'), 'pause')
    await eventually(async () => expect(stateOf('a')).to.equal('paused'))
    await queue.act(idOf(queue, 'a'), 'resume')
    await eventually(async () => expect(service.sent).to.have.length(2))
    expect(service.sent[1]?.item.key).to.equal(first.item.key)
    await queue.act(idOf(queue, 'a'), 'cancel')
    await eventually(async () => expect(queue.items).to.deep.equal([]))
    expect(service.removed).to.deep.equal([])
  })

  it('queue – cancelled after all bytes were sent → waits for the answer and deletes its asset', async () => {
    const { queue, service, sentOf } = start('w')
    await queue.add(chosen('a'), null)
    const sent = await sentOf('a')
    sent.progress.onProgress(1, true)
    await queue.act(idOf(queue, 'a'), 'cancel')
    expect(sent.progress.signal.aborted).to.equal(false)
    sent.succeed()
    await eventually(async () => expect(service.removed).to.deep.equal(['asset of a']))
    await eventually(async () => expect(queue.items).to.deep.equal([]))
  })

  it('queue – connection lost, then refused → tried again by itself, then only by the user', async () => {
    const { queue, service, clock, stateOf, sentOf } = start('w')
    await queue.add(chosen('a'), null)
    ;(await sentOf('a')).fail('network')
    await eventually(async () => expect(queue.items[0]?.retryAt).to.equal(4000))
    expect(hasFailed(queue.items[0] as UploadItem)).to.equal(true)
    clock.now = 4000
    queue.online()
    await eventually(async () => expect(service.sent).to.have.length(2))
    service.sent[1]?.fail('space_exceeded')
    await eventually(async () => expect(stateOf('a')).to.equal('failed'))
    expect(queue.items[0]?.error).to.equal('failed: space_exceeded')
    queue.retryAll()
    await eventually(async () => expect(service.sent).to.have.length(3))
  })

  it('queue – session ended → waits for the account, runs nothing of another one', async () => {
    const { queue, service, stateOf, sentOf } = start('w')
    await queue.add(chosen('a'), null)
    const sent = await sentOf('a')
    queue.setAccount(null)
    sent.fail('unauthenticated')
    queue.setAccount('bob')
    expect(queue.items).to.deep.equal([])
    await new Promise(setImmediate)
    expect(service.sent).to.have.length(1)
    queue.setAccount('ada')
    await eventually(async () => expect(service.sent).to.have.length(2))
    expect(stateOf('a')).to.equal('running')
  })

  it('queue – fields typed before, while and after → the asset has all of them', async () => {
    const { queue, service, stateOf, sentOf } = start('w')
    await queue.add(chosen('a'), null)
    const id = idOf(queue, 'a')
    queue.edit(id, { name: 'Oak', tags: 'Wood, oak ,' })
    const sent = await sentOf('a')
    queue.edit(id, { visibility: 'public' })
    sent.succeed()
    await eventually(async () => expect(stateOf('a')).to.equal('done'))
    queue.edit(id, { description: 'After' })
    await eventually(async () => expect(service.changes).to.have.length(2))
    expect(service.changes).to.deep.equal([
      { name: 'Oak', tags: ['wood', 'oak'], visibility: 'public' },
      { description: 'After' },
    ])
  })

  it('queue – a file that the user has → asks; skipped is gone, anyway is uploaded', async () => {
    const { queue, service, stateOf, sentOf } = start('w')
    service.duplicate = { id: '1', name: 'Old' }
    await queue.add(chosen('a'), null)
    await queue.add(chosen('b'), null)
    await eventually(async () =>
      expect([stateOf('a'), stateOf('b')]).to.deep.equal(['duplicate', 'duplicate']),
    )
    expect(service.sent).to.deep.equal([])
    await queue.act(idOf(queue, 'a'), 'skip')
    await queue.act(idOf(queue, 'b'), 'anyway')
    ;(await sentOf('b')).succeed()
    await eventually(async () => expect(stateOf('b')).to.equal('done'))
    service.duplicate = null
    await queue.add([{ file: fileOf('copy of b', 'b'), path: 'copy of b' }], null)
    await eventually(async () => expect(stateOf('copy of b')).to.equal('duplicate'))
  })

  it('queue – reload → running goes on if its files can be opened, else asks for permission or for the file', async () => {
    const before = start('former')
    for (const name of ['a', 'b', 'c']) await before.queue.add(chosen(name), null)
    await before.sentOf('c')
    const { store } = before
    store.files.set(idOf(before.queue, 'a'), [fileOf('a')])
    store.files.set(idOf(before.queue, 'b'), 'permission')
    const { queue, stateOf, sentOf } = start('w', { store })
    await queue.adopt(new Set(['w', 'former']))
    expect([stateOf('a'), stateOf('b')]).to.deep.equal(['running', 'running'])
    await queue.adopt(new Set(['w']))
    const again = await sentOf('a')
    expect(again.item.key).to.equal(before.queue.items[0]?.key)
    await eventually(async () =>
      expect([stateOf('b'), stateOf('c')]).to.deep.equal(['permission', 'missing']),
    )
    store.files.set(idOf(queue, 'b'), [fileOf('b')])
    await queue.act(idOf(queue, 'b'), 'allow')
    await sentOf('b')
    await queue.add(chosen('c'), null)
    await sentOf('c')
    expect(queue.items).to.have.length(3)
  })

  it('queue – two windows → one runs it, the other shows it and its buttons work there', async () => {
    const first = start('first')
    const second = start('second', { store: first.store })
    await first.queue.add(chosen('a'), null)
    await first.sentOf('a')
    for (const message of first.messages) second.queue.receive(message)
    expect(second.stateOf('a')).to.equal('running')
    expect(second.service.sent).to.deep.equal([])
    await second.queue.act(idOf(second.queue, 'a'), 'pause')
    second.queue.edit(idOf(second.queue, 'a'), { name: 'Oak' })
    for (const message of second.messages) first.queue.receive(message)
    await eventually(async () => expect(first.stateOf('a')).to.equal('paused'))
    expect(first.queue.items[0]?.fields.name).to.equal('Oak')
  })

  it('queue – held, files not kept → nothing begins; closing the window would lose them', async () => {
    const { queue, service, stateOf } = start('w')
    queue.hold(true)
    await queue.add(chosen('a'), null)
    expect([stateOf('a'), queue.wouldLose, service.sent.length]).to.deep.equal(['waiting', true, 0])
    queue.hold(false)
    await eventually(async () => expect(service.sent).to.have.length(1))
    service.sent[0]?.succeed()
    await eventually(async () => expect(queue.wouldLose).to.equal(false))
    queue.clearFinished()
    expect(queue.items).to.deep.equal([])
  })
})

describe('parts of an upload', () => {
  it('delayAfter – attempts and Retry-After → doubles, obeys the service, ends', () => {
    expect([1, 2, 3, 7].map((count) => delayAfter({ code: 'network' }, count))).to.deep.equal([
      3000, 6000, 12_000, 60_000,
    ])
    expect(delayAfter({ code: 'conflict', retryAfterMs: 7000 }, 1)).to.equal(7000)
    expect(delayAfter({ code: 'too_large' }, 1)).to.equal(null)
    expect(delayAfter({ code: 'network' }, MAX_ATTEMPTS)).to.equal(null)
  })

  it('parseRetryAfter – seconds, date, nothing → milliseconds', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(parseRetryAfter('5', now)).to.equal(5000)
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now)).to.equal(10_000)
    expect([parseRetryAfter(null, now), parseRetryAfter('soon', now)]).to.deep.equal([null, null])
  })

  it('Speed – samples of the last seconds → bytes per second and time left', () => {
    const speed = new Speed()
    speed.add(1000, 0)
    speed.add(3000, 2000)
    expect(speed.at(2000)).to.equal(2000)
    expect(speed.at(20_000)).to.equal(0)
    expect([secondsLeft(4000, 2000), secondsLeft(4000, 0)]).to.deep.equal([2, null])
  })

  it('actionsOf, changeOf – states and fields → buttons and the change', () => {
    expect(actionsOf({ state: 'running', retryAt: null })).to.deep.equal(['pause', 'cancel'])
    expect(actionsOf({ state: 'waiting', retryAt: 1 })).to.deep.equal(['retry', 'cancel'])
    const fields = { ...NO_FIELDS, tags: '' }
    const applied = { ...NO_FIELDS, tags: 'a', name: 'Given' }
    expect(changeOf({ name: 'a.glb', fields, applied })).to.deep.equal({ name: 'a.glb', tags: [] })
    expect(changeOf({ name: 'a.glb', fields, applied: fields })).to.equal(null)
  })
})
