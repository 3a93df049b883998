import { expect } from 'chai'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

type Send = () => PromiseLike<{ status: number }>

/** The most database commands of a request, a function that sends it, and a function that prepares it. */
type Row = [
  request: string,
  condition: string,
  most: number,
  send: Send,
  prepare?: () => PromiseLike<unknown>,
]

/** How long a request is repeated until its commands are few enough, in milliseconds. */
const MOST_MS = 5000

describe('database commands of a request', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  let doomed: AssetAnswer

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada', { discoverable: true })
    asset = await uploadAsset(ada, { visibility: 'public' })
  })
  after(() => app.stop())

  const path = (rest = '') => `/api/assets/${asset.id}${rest}`

  const readAsset = () => app.api.get(path())
  const list = () => app.api.get('/api/assets')
  const uploadAnother = async () => {
    doomed = await uploadAsset(ada)
  }
  const removeAnother = () => ada.delete(`/api/assets/${doomed.id}`)
  const download = () => app.api.get(path('/download'))

  const upload = () => ada.post('/api/assets').attach('files', Buffer.alloc(1000), 'small.bin')
  const uploadBytes = () => ada.put('/api/files/small.bin').send(Buffer.alloc(1000))
  const uploadPublic = () => upload().field('visibility', 'public')

  /** By default, a request comes after the account states that earlier requests have read are too old. */
  const ROWS: Row[] = [
    ['GET /api/assets/:id', 'anonymous', 2, readAsset],
    ['GET /api/assets/:id', 'anonymous, owner read just before', 1, readAsset, readAsset],
    ['GET /api/assets', 'anonymous', 2, list],
    ['GET /api/assets', 'anonymous, owners read just before', 1, list, list],
    ['GET /api/assets/:id/download', 'anonymous, owner read just before', 2, download, readAsset],
    ['POST /api/assets', 'small file', 8, upload, upload],
    ['POST /api/assets', 'small public file', 8, uploadPublic, upload],
    ['PUT /api/files/:filename', 'small file', 8, uploadBytes, upload],
    ['DELETE /api/assets/:id', 'no links, in no scene', 8, removeAnother, uploadAnother],
    ['GET /api/assets/:id', 'signed in, own asset', 2, () => ada.get(path())],
    ['GET /api/assets?scope=mine', 'signed in', 2, () => ada.get('/api/assets?scope=mine')],
    ['GET /api/assets', 'signed in, owners read just before', 2, () => ada.get('/api/assets'), list],
    ['GET /api/assets/:id/download', 'signed in, own asset', 3, () => ada.get(path('/download'))],
    ['HEAD /api/assets/:id/download', 'anonymous', 2, () => app.api.head(path('/download'))],
  ]

  for (const [request, condition, most, send, prepare = untilReadersKnow] of ROWS)
    it(`${request} – ${condition} → commands ≤ ${most}`, async () => {
      // a busy machine can take so long that the account states are read again
      await eventually(async () => {
        await prepare()
        let status = 0
        const commands = await monitorCommands(async () => {
          status = (await send()).status
        })
        expect(status).to.be.within(200, 299)
        expect(commands.length, commands.join(', ')).to.be.within(1, most)
      }, MOST_MS)
    })
})
