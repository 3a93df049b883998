import { expect } from 'chai'
import mongoose from 'mongoose'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

/** A command, as Mongoose reports it. */
interface Sent {
  collection: string
  method: string
  update: unknown
}

const LEDGERS = ['users', 'capacity'] as const
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

  /** Tells whether an update depends on the time: an access once a minute, a heartbeat of an upload every 30 s. */
  const isTimed = ({ update }: Sent) => /"lastAccessAt"|\[entry\]\.heartbeatAt"/.test(JSON.stringify(update))
  const updatesOf = (name: string) =>
    sent.filter((one) => one.collection === name && UPDATES.test(one.method) && !isTimed(one))

  /** Expects this number of small updates of each ledger. */
  function expectUpdates(count: number): void {
    for (const ledger of LEDGERS) {
      const updates = updatesOf(ledger).map(({ update }) => JSON.stringify(update))
      expect(updates, `${ledger}: ${updates.join('\n')}`).to.have.length(count)
      for (const update of updates) expect(update.length).to.be.lessThan(400)
    }
  }

  it('upload – Content-Length given → two updates of each ledger', async () => {
    await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(300_000), 'b.png': await png() })
    expectUpdates(2)
  })

  it('upload – length unknown → two updates of each ledger', async () => {
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
    expectUpdates(2)
  })

  it('removal – asset → one update of each ledger', async () => {
    const { id } = await uploadAsset(ada)
    sent = []
    await ada.delete(`/api/assets/${id}`).expect(204)
    expectUpdates(1)
  })
})
