import { expect } from 'chai'
import { changeOf, NO_FIELDS } from '../../web/src/upload/item.ts'
import { PARALLEL } from '../../web/src/upload/queue.ts'
import { delayAfter, MAX_ATTEMPTS, parseRetryAfter } from '../../web/src/upload/retry.ts'
import { Speed, secondsLeft } from '../../web/src/upload/speed.ts'
import { actionsOf, hasFailed, nextState } from '../../web/src/upload/state.ts'
import { eventually } from '../support/eventually.ts'
import { ChangedFile, chosen, fileOf, openWindow } from '../support/upload-queue.ts'

describe('queue of uploads', () => {
  it('queue – five files → three run, the others follow in their order', async () => {
    const { queue, service, stateOf, sentOf } = openWindow('w')
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
    const { queue, service, stateOf, sentOf, idOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    const first = await sentOf('a')
    await queue.act(idOf('a'), 'pause')
    await eventually(async () => expect(stateOf('a')).to.equal('paused'))
    await queue.act(idOf('a'), 'resume')
    await eventually(async () => expect(service.sent).to.have.length(2))
    expect(service.sent[1]?.item.key).to.equal(first.item.key)
    await queue.act(idOf('a'), 'cancel')
    await eventually(async () => expect(queue.items).to.deep.equal([]))
    expect(service.removed).to.deep.equal([])
  })

  it('queue – cancelled after all bytes were sent → waits for the answer and deletes its asset, or says why not', async () => {
    const { queue, service, stateOf, sentOf, idOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    const sent = await sentOf('a')
    sent.progress.onProgress(1, true)
    await queue.act(idOf('a'), 'cancel')
    expect(sent.progress.signal.aborted).to.equal(false)
    service.refusal = new Error('no connection')
    sent.succeed()
    await eventually(async () => expect(stateOf('a')).to.equal('failed'))
    expect(queue.items[0]).to.include({ error: 'no connection', assetId: 'asset of a' })
    service.refusal = null
    await queue.act(idOf('a'), 'cancel')
    await eventually(async () => expect(service.removed).to.deep.equal(['asset of a']))
    await eventually(async () => expect(queue.items).to.deep.equal([]))
  })

  it('queue – connection lost, then refused → tried again by itself, then only by the user', async () => {
    const { queue, service, clock, stateOf, sentOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    ;(await sentOf('a')).fail('network')
    await eventually(async () => expect(queue.items[0]?.retryAt).to.equal(4000))
    expect(stateOf('a')).to.equal('delayed')
    clock.now = 4000
    queue.online()
    await eventually(async () => expect(service.sent).to.have.length(2))
    service.sent[1]?.fail('space_exceeded')
    await eventually(async () => expect(stateOf('a')).to.equal('failed'))
    expect(queue.items[0]?.error).to.match(/^Your space is full\. Delete assets/)
    queue.retryAll()
    await eventually(async () => expect(service.sent).to.have.length(3))
  })

  it('queue – session ended → waits for the account, runs nothing of another one', async () => {
    const { queue, service, stateOf, sentOf } = openWindow('w')
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
    const { queue, service, stateOf, sentOf, idOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    const id = idOf('a')
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
    const { queue, service, stateOf, sentOf, idOf } = openWindow('w')
    service.duplicate = { id: '1', name: 'Old' }
    await queue.add(chosen('a'), null)
    await queue.add(chosen('b'), null)
    await eventually(async () =>
      expect([stateOf('a'), stateOf('b')]).to.deep.equal(['duplicate', 'duplicate']),
    )
    expect(service.sent).to.deep.equal([])
    await queue.act(idOf('a'), 'skip')
    await queue.act(idOf('b'), 'anyway')
    ;(await sentOf('b')).succeed()
    await eventually(async () => expect(stateOf('b')).to.equal('done'))
  })

  it('queue – file changed after it was chosen → says so; chosen again goes on with the new content', async () => {
    const { queue, service, itemOf, stateOf, sentOf } = openWindow('w')
    await queue.add([{ file: new ChangedFile(['a'], 'a'), path: 'a' }], null)
    await eventually(async () => expect(stateOf('a')).to.equal('missing'))
    expect(itemOf('a')?.error).to.match(/^The file was changed/)
    const former = itemOf('a')
    await queue.add(chosen('a', 'longer'), null)
    const { item } = await sentOf('a')
    expect(item).to.include({ id: former?.id, size: 6, sha256: 'sha256 of longer', error: null })
    expect(item.key).not.to.equal(former?.key)
    expect(service.sent).to.have.length(1)

    // a large folder is not read before; the browser then only says that the connection broke
    await queue.add(
      [
        { file: new ChangedFile(['b'], 'b'), path: 'b' },
        { file: fileOf('c'), path: 'c' },
      ],
      'Folder',
    )
    ;(await sentOf('Folder')).fail('network')
    await eventually(async () => expect(stateOf('Folder')).to.equal('missing'))
  })

  it('queue – Retry-After → waits as long as the service says', async () => {
    const { queue, stateOf, idOf, sentOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    ;(await sentOf('a')).fail('too_many_requests', '20')
    await eventually(async () => expect(stateOf('a')).to.equal('delayed'))
    expect(queue.items[0]?.retryAt).to.equal(21_000)
    await queue.act(idOf('a'), 'cancel')
  })

  it('queue – change of a finished upload refused, cancelled → the asset stays, the change is dropped', async () => {
    const { queue, service, itemOf, stateOf, idOf, sentOf } = openWindow('w')
    await queue.add(chosen('a'), null)
    ;(await sentOf('a')).succeed()
    await eventually(async () => expect(stateOf('a')).to.equal('done'))
    service.refusal = new Error('locked')
    queue.edit(idOf('a'), { name: 'Oak' })
    await eventually(async () => expect(stateOf('a')).to.equal('failed'))
    await queue.act(idOf('a'), 'cancel')
    expect([stateOf('a'), itemOf('a')?.fields, service.removed]).to.deep.equal(['done', NO_FIELDS, []])
  })

  it('queue – held, files not kept → nothing begins; closing the window would lose them', async () => {
    const { queue, service, stateOf } = openWindow('w')
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
    expect([1, 2, 3, 7].map((count) => delayAfter({ code: 'network' }, count, 0))).to.deep.equal([
      3000, 6000, 12_000, 60_000,
    ])
    expect(delayAfter({ code: 'conflict', retryAfter: '7' }, 1, 0)).to.equal(7000)
    expect(delayAfter({ code: 'unavailable', retryAfter: '9'.repeat(30) }, 1, 0)).to.equal(3_600_000)
    expect(delayAfter({ code: 'too_large' }, 1, 0)).to.equal(null)
    expect(delayAfter({ code: 'network' }, MAX_ATTEMPTS, 0)).to.equal(null)
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
    expect(actionsOf('running')).to.deep.equal(['pause', 'cancel'])
    expect(actionsOf('delayed')).to.deep.equal(['retry', 'cancel'])
    expect(actionsOf('done')).to.deep.equal([])
    expect([hasFailed('delayed'), hasFailed('waiting')]).to.deep.equal([true, false])
    expect([nextState('paused', 'resume'), nextState('done', 'pause')]).to.deep.equal(['waiting', null])
    const fields = { ...NO_FIELDS, tags: '' }
    const applied = { ...NO_FIELDS, tags: 'a', name: 'Given' }
    expect(changeOf({ name: 'a.glb', fields, applied })).to.deep.equal({ name: 'a.glb', tags: [] })
    expect(changeOf({ name: 'a.glb', fields, applied: fields })).to.equal(null)
    expect(changeOf({ name: '😀'.repeat(300), fields, applied })?.name).to.equal('😀'.repeat(200))
  })
})
