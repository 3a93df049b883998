import { once } from 'node:events'
import { request } from 'node:http'
import { expect } from 'chai'
import { Types } from 'mongoose'
import { MAX_COLLECTIONS } from '../../../controllers/compat/kumo.ts'
import { Asset } from '../../../models/asset.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset } from '../../support/app/assets.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('lists of Kumo collections', () => {
  let app: TestApp
  let carl: TestUser
  before(async function () {
    // many assets are stored
    this.timeout(120_000)
    app = await startApp()
    carl = await signUp(app, 'carl')
    const file = {
      id: 'f',
      name: 'a.png',
      key: 'k',
      size: 1,
      mediaType: 'image/png',
      media: 'image' as const,
      sha256: 'x',
    }
    const { _id, ...asset } = await insertAsset(carl.user, { files: [file] })
    const raw = await Asset.collection.findOne({ _id })
    const copies = Array.from({ length: MAX_COLLECTIONS }, (_, n) => ({
      ...raw,
      // a list is much longer than what the buffers of the operating system take
      name: 'n'.repeat(200),
      tags: Array.from({ length: 64 }, () => 't'.repeat(40)),
      _id: new Types.ObjectId(),
      createdAt: new Date(asset.createdAt.getTime() + 1000 + n),
    }))
    await Asset.collection.insertMany(copies)
  })

  after(() => app.stop())

  it('GET /collections – more than 10,000 → the newest 10,000, newest first', async () => {
    const { body } = await carl.get('/collections').expect(200)
    const times = body.collections.map(({ createdAt }: { createdAt: string }) => Date.parse(createdAt))
    expect(times).to.have.length(MAX_COLLECTIONS)
    expect(times).to.deep.equal([...times].sort((one, other) => other - one))
    const ids = body.collections.map(({ _id }: { _id: string }) => _id)
    expect(new Set(ids).size).to.equal(MAX_COLLECTIONS)
  })

  for (const [what, leaves, most] of [
    ['client disconnects', true, 50],
    ['client does not read', false, 50],
  ] as const)
    it(`GET /collections – ${what} → the other pages are not read`, async () => {
      const { searches } = app.context.queues
      let pages = 0
      const run = searches.run.bind(searches)
      searches.run = (...args) => {
        pages += 1
        return run(...args)
      }
      const headers = { Authorization: `Bearer ${carl.token}` }
      const sent = request(`${app.origin}/collections`, { headers })
      sent.end()
      const [answer] = await once(sent, 'response')
      if (leaves) answer.destroy()
      // as many pages again take longer than the rest of the first list would
      await carl.get('/collections').expect(200)
      answer.destroy()
      searches.run = run
      expect(pages - MAX_COLLECTIONS / 100).to.be.within(1, most)
    })
})
