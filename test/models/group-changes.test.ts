import { expect } from 'chai'
import { groupChanges } from '../../models/plugins/group-changes.ts'
import { eventually } from '../support/eventually.ts'

interface Change {
  name: string
}

/** A command that a test answers. */
interface Command {
  names: string
  answer(result: string | null): void
  fail(error: Error): void
}

describe('groupChanges', () => {
  let commands: Command[]
  let change: (name: string, key?: string) => Promise<string | null>

  beforeEach(() => {
    commands = []
    const make = groupChanges<Change, string>()
    change = (name, key = 'ledger') =>
      make(key, { name }, (changes) => {
        const names = changes.map((one) => one.name).join()
        return new Promise((answer, fail) => commands.push({ names, answer, fail }))
      })
  })

  const expectCommands = (...names: string[]) =>
    eventually(async () => expect(commands.map((one) => one.names)).to.deep.equal(names))
  const answerAll = () => {
    for (const { names, answer } of commands) answer(names)
  }

  it('groupChanges – nothing under way → sent at once, with all changes of the same turn', async () => {
    const made = [change('a'), change('b')]
    await expectCommands('a,b')
    answerAll()
    expect(await Promise.all(made)).to.deep.equal(['a,b', 'a,b'])
  })

  it('groupChanges – a change under way → later ones with its key are sent together after it', async () => {
    const first = change('a')
    await expectCommands('a')
    const others = [change('b'), change('c')]
    const another = change('d', 'another ledger')
    await eventually(async () => expect(commands).to.have.length.at.least(2))
    answerAll()
    expect(await Promise.all([first, another])).to.deep.equal(['a', 'd'])
    await expectCommands('a', 'd', 'b,c')
    answerAll()
    expect(await Promise.all(others)).to.deep.equal(['b,c', 'b,c'])
  })

  it('groupChanges – refused together → each alone, with its own result or error', async () => {
    const made = Promise.allSettled([change('a'), change('b'), change('c')])
    await expectCommands('a,b,c')
    commands[0]?.answer(null)
    await expectCommands('a,b,c', 'a', 'b', 'c')
    const error = new Error('too large')
    commands[1]?.answer('a')
    commands[2]?.answer(null)
    commands[3]?.fail(error)
    expect(await made).to.deep.equal([
      { status: 'fulfilled', value: 'a' },
      { status: 'fulfilled', value: null },
      { status: 'rejected', reason: error },
    ])
  })

  it('groupChanges – no answer → the error of each, not repeated; later changes are sent', async () => {
    const made = Promise.allSettled([change('a'), change('b')])
    await expectCommands('a,b')
    const later = change('c')
    const error = new Error('connection lost')
    commands[0]?.fail(error)
    const reason = { status: 'rejected', reason: error }
    expect(await made).to.deep.equal([reason, reason])
    await expectCommands('a,b', 'c')
    answerAll()
    expect(await later).to.equal('c')
  })

  it('groupChanges – earlier change on a dead connection → later ones do not wait for it', async () => {
    const hanging = change('a')
    await expectCommands('a')
    const later = change('b')
    await expectCommands('a', 'b')
    commands[1]?.answer('b')
    expect(await later).to.equal('b')
    answerAll()
    await hanging
  })
})
