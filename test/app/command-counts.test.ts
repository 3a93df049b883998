import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

/** The most database commands of a request, and a function that sends it. */
type Row = [request: string, most: number, send: () => PromiseLike<{ status: number }>]

describe('database commands of a request', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, { visibility: 'public' })
  })
  after(() => app.stop())

  const path = (rest = '') => `/api/assets/${asset.id}${rest}`

  const ROWS: Row[] = [
    ['HEAD /api/assets/:id/download – anonymous', 2, () => app.api.head(path('/download'))],
  ]

  for (const [request, most, send] of ROWS)
    it(`${request} → at most ${most} commands`, async () => {
      let status = 0
      const commands = await monitorCommands(async () => {
        status = (await send()).status
      })
      expect(status).to.be.within(200, 299)
      expect(commands.length, commands.join(', ')).to.be.within(1, most)
    })
})
