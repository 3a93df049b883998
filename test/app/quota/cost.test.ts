import { expect } from 'chai'
import mongoose from 'mongoose'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

/** What was asked of a collection, as Mongoose tells it. */
interface Sent {
  collection: string
  method: string
  update: unknown
}

const ACCOUNTS = ['users', 'capacity'] as const
const UPDATES = /^(update|findOneAnd|findAndModify|replace|bulkWrite)/

describe('database updates for space', () => {
  let app: TestApp
  let ada: TestUser
  let sent: Sent[]

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    await uploadAsset(ada)
    mongoose.set('debug', (collection: string, method: string, _filter: unknown, update: unknown) =>
      sent.push({ collection, method, update }),
    )
  })
  beforeEach(() => {
    sent = []
  })
  after(() => {
    mongoose.set('debug', false)
    return app.stop()
  })

  const updatesOf = (name: string) =>
    sent.filter(({ collection, method }) => collection === name && UPDATES.test(method))

  /** Two small updates of each account, and none of another. */
  function expectTwoUpdates(): void {
    for (const account of ACCOUNTS) {
      const updates = updatesOf(account)
      expect(updates, account).to.have.length(2)
      for (const { update } of updates) expect(JSON.stringify(update).length).to.be.lessThan(300)
    }
  }

  it('upload – Content-Length given → two updates of each account', async () => {
    await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(300_000), 'b.png': await png() })
    expectTwoUpdates()
  })

  it('upload – length unknown → two updates of each account', async () => {
    const body = new FormData()
    body.append('files', new Blob([Buffer.alloc(3_000_000)]), 'a.bin')
    const { body: stream, headers } = new Response(body)
    const request: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { Authorization: `Bearer ${ada.token}`, 'Content-Type': String(headers.get('Content-Type')) },
      body: stream,
      duplex: 'half',
    }
    expect((await fetch(`${app.origin}/api/assets`, request)).status).to.equal(201)
    expectTwoUpdates()
  })

  it('removal – asset → two updates', async () => {
    const { id } = await uploadAsset(ada)
    sent = []
    await ada.delete(`/api/assets/${id}`).expect(204)
    expectTwoUpdates()
  })
})
