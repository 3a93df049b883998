import { expect } from 'chai'
import mongoose from 'mongoose'
import { json, register } from '../support/app/client.ts'
import { startProcess } from '../support/app/process.ts'
import { openProduction, type Production } from '../support/app/production.ts'
import { SocketClient } from '../support/app/socket.ts'
import { eventually } from '../support/eventually.ts'

const MISSING = /no unique indexes yet; the operator has to run `npm run db:indexes`/

async function answer(address: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const response = await fetch(address, init)
  return { status: response.status, text: await response.text() }
}

describe('production without unique indexes', function () {
  this.timeout(120_000)
  let production: Production

  before(async () => {
    production = await openProduction('unindexed')
  })
  after(() => production.close())

  it('start – indexes missing → reads served, writes and /readyz 503 until db:indexes creates them', async () => {
    const users = production.connection.collection('users')
    const { origin, output } = await startProcess(production.env)
    await eventually(() => expect(output()).to.contain('unique indexes are missing'), 30_000)

    const registrations = Array.from({ length: 6 }, () =>
      answer(`${origin}/api/auth/register`, json({ username: 'ada' })),
    )
    for (const { status, text } of await Promise.all(registrations)) {
      expect(status).to.equal(503)
      expect(text).to.contain('"unavailable"').and.to.match(MISSING)
    }
    const ready = await answer(`${origin}/readyz`)
    expect(ready.status).to.equal(503)
    expect(JSON.parse(ready.text).checks.indexes).to.match(MISSING)
    expect((await answer(`${origin}/healthz`)).status).to.equal(200)
    expect((await answer(`${origin}/api/assets`)).status).to.equal(200)
    const socket = await SocketClient.open(origin)
    expect((await socket.ask('list')).err).to.equal(undefined)
    expect((await socket.ask('create', { username: 'ada' })).err).to.have.property('code', 'unavailable')
    expect(await users.countDocuments()).to.equal(0)

    // documents created before anything prevented equal names
    const twins = Array.from({ length: 3 }, () => ({
      _id: new mongoose.Types.ObjectId(),
      usernameKey: 'twin',
    }))
    const mails = twins.slice(1).map(({ _id }, n) => ({ _id, usernameKey: `twin${n}`, email: 'a@b.example' }))
    await users.insertMany([
      twins[0],
      ...mails,
      { ...twins[0], _id: new mongoose.Types.ObjectId() },
    ] as object[])
    const same = await users.find({ usernameKey: 'twin' }).toArray()
    const [code, said] = await production.run('db-indexes')
    expect(code).to.equal(1)
    expect(said).to.contain('Unique indexes cannot be built').and.not.contain('    at ')
    const named = (field: string, value: string, ids: unknown[]) =>
      `users.${field}: 2 documents have the value "${value}": ${ids.join(', ')}\n`
    expect(said).to.contain(
      named(
        'usernameKey',
        'twin',
        same.map(({ _id }) => _id),
      ),
    )
    expect(said).to.contain(
      named(
        'email',
        'a@b.example',
        mails.map(({ _id }) => _id),
      ),
    )
    expect((await answer(`${origin}/readyz`)).status).to.equal(503)

    await users.deleteMany({})
    expect(await production.run('db-indexes')).to.deep.equal([0, 'All indexes are up to date.\n'])
    await eventually(async () => expect((await answer(`${origin}/readyz`)).status).to.equal(200), 30_000)
    await register(origin)
    const again = Array.from({ length: 6 }, () =>
      answer(`${origin}/api/auth/register`, json({ username: 'grace' })),
    )
    const statuses = (await Promise.all(again)).map(({ status }) => status)
    expect(statuses.sort()).to.deep.equal([201, 409, 409, 409, 409, 409])
    socket.close()
  })

  it('start – indexes exist → ready at once', async () => {
    expect((await production.run('db-indexes'))[0]).to.equal(0)
    const { origin, output } = await startProcess(production.env)
    await eventually(async () => expect((await answer(`${origin}/readyz`)).status).to.equal(200), 30_000)
    expect(output()).to.not.match(MISSING)
  })
})
