import { expect } from 'chai'
import { eventually } from '../support/eventually.ts'
import { chosen, FakeStore, fileOf, openWindow } from '../support/upload-queue.ts'

type Window = ReturnType<typeof openWindow>

/** Gives a window what another one has told. */
function tell(from: Window, to: Window): void {
  for (const message of from.messages.splice(0)) to.queue.receive(message)
}

describe('queue of uploads in several windows', () => {
  it('queue – reload → running goes on if its files can be opened, else asks for permission or for the file', async () => {
    const before = openWindow('former')
    for (const name of ['a', 'b', 'c']) await before.queue.add(chosen(name), null)
    await before.sentOf('c')
    const { store } = before
    store.files.set(before.idOf('a'), [fileOf('a')])
    store.files.set(before.idOf('b'), 'permission')
    const { queue, stateOf, idOf, sentOf } = openWindow('w', { store })
    await queue.read()
    expect([stateOf('a'), stateOf('b')]).to.deep.equal(['running', 'running'])
    await queue.takeOver('former')
    const again = await sentOf('a')
    expect(again.item.key).to.equal(before.queue.items[0]?.key)
    await eventually(async () =>
      expect([stateOf('b'), stateOf('c')]).to.deep.equal(['permission', 'missing']),
    )
    store.files.set(idOf('b'), [fileOf('b')])
    await queue.act(idOf('b'), 'allow')
    await sentOf('b')
    await queue.add(chosen('c'), null)
    await sentOf('c')
    expect(queue.items).to.have.length(3)
  })

  it('queue – two windows → one runs it, the other shows it and its buttons work there', async () => {
    const first = openWindow('first')
    const second = openWindow('second', { store: first.store })
    await first.queue.add(chosen('a'), null)
    await first.sentOf('a')
    tell(first, second)
    expect(second.stateOf('a')).to.equal('running')
    expect(second.service.sent).to.deep.equal([])
    await second.queue.act(second.idOf('a'), 'pause')
    second.queue.edit(second.idOf('a'), { name: 'Oak' })
    tell(second, first)
    await eventually(async () => expect(first.stateOf('a')).to.equal('paused'))
    expect(first.itemOf('a')?.fields.name).to.equal('Oak')
  })

  it('queue – paused and resumed, closed before that is stored → the other window goes on, late messages change nothing', async () => {
    const first = openWindow('first')
    const second = openWindow('second', { store: first.store })
    await first.queue.add(chosen('a'), null)
    await first.sentOf('a')
    await first.queue.act(first.idOf('a'), 'pause')
    await eventually(async () => expect(first.stateOf('a')).to.equal('paused'))
    tell(first, second)
    first.store.files.set(first.idOf('a'), [fileOf('a')])
    first.store.isClosing = true
    await first.queue.act(first.idOf('a'), 'resume')
    const late = first.messages.slice()
    tell(first, second)
    first.store.isClosing = false
    expect(first.store.items.get(first.idOf('a'))?.state).to.equal('paused')
    // its request can have succeeded without an answer: its own asset is no duplicate
    second.service.duplicate = { id: '1', name: 'a' }
    await second.queue.takeOver('first')
    const sent = await second.sentOf('a')
    for (const message of late) second.queue.receive(message)
    expect(second.stateOf('a')).to.equal('running')
    sent.succeed()
    await eventually(async () => expect(second.stateOf('a')).to.equal('done'))
  })

  it('queue – buttons of an older state, pressed in another window → change nothing', async () => {
    const first = openWindow('first')
    const second = openWindow('second', { store: first.store })
    await first.queue.add(chosen('a'), null)
    const sent = await first.sentOf('a')
    tell(first, second)
    sent.succeed()
    await eventually(async () => expect(first.stateOf('a')).to.equal('done'))
    for (const action of ['pause', 'cancel'] as const) await second.queue.act(second.idOf('a'), action)
    tell(second, first)
    expect([first.stateOf('a'), first.service.removed]).to.deep.equal(['done', []])
  })

  it('queue – signed out, or another account → uploads end in all windows and leave nothing in the browser', async () => {
    const first = openWindow('first')
    const second = openWindow('second', { store: first.store })
    await first.queue.add(chosen('a'), null)
    const sent = await first.sentOf('a')
    tell(first, second)
    expect(second.queue.unfinished).to.have.length(1)
    await second.queue.forget()
    tell(second, first)
    expect(sent.progress.signal.aborted).to.equal(true)
    expect([first.queue.items, second.queue.items, [...first.store.items]]).to.deep.equal([[], [], []])

    const store = new FakeStore()
    const ada = openWindow('ada', { store })
    await ada.queue.add(chosen('b'), null)
    const bob = openWindow('bob', { store, account: 'bob' })
    await bob.queue.read()
    expect([bob.queue.items, bob.queue.foreign.length]).to.deep.equal([[], 1])
    await bob.queue.takeOver('ada')
    expect([bob.service.sent, [...store.items]]).to.deep.equal([[], []])
  })
})
