import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect } from 'chai'
import { Project } from '../../../models/project.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { runningUploads, stateOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { mp4, obj, png } from '../../support/data/samples.ts'
import { eventually } from '../../support/eventually.ts'

const FILE_LIMIT = 200_000
const SMALL_SPACE = 100_000
/** Less than the quotas of all users together. */
const SERVER_SPACE = 300_000
const OVERHEAD = 70_000

interface UploadRoute {
  name: string
  path: string
  field: string
  /** A file that the route accepts, before its padding. */
  kind: () => Buffer | Promise<Buffer>
  /** The token is sent in a field of the body, before the file. */
  byField?: true
}

const ROUTES: UploadRoute[] = [
  { name: 'POST /api/upload/', path: '/api/upload/', field: 'file', kind: obj },
  {
    name: 'POST /api/upload/, the token in a field',
    path: '/api/upload/',
    field: 'file',
    kind: obj,
    byField: true,
  },
  { name: 'POST /images', path: '/images', field: 'image', kind: png },
  { name: 'POST /collections', path: '/collections', field: 'image[file]', kind: obj },
  { name: 'POST /base', path: '/base', field: 'file', kind: png },
  { name: 'POST /overlay', path: '/overlay', field: 'file', kind: mp4 },
]

async function bodyOf({ field, kind, byField }: UploadRoute, token: string, bytes: number): Promise<Buffer> {
  const start = await kind()
  const file = Buffer.concat([start, Buffer.alloc(bytes - start.length, '\n')])
  const first = byField ? `--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n${token}\r\n` : ''
  const head = `--b\r\nContent-Disposition: form-data; name="${field}"; filename="a.obj"\r\n\r\n`
  return Buffer.concat([Buffer.from(first + head), file, Buffer.from('\r\n--b--\r\n')])
}

const headersOf = ({ byField }: UploadRoute, token: string) => ({
  'Content-Type': 'multipart/form-data; boundary=b',
  ...(byField ? {} : { Authorization: `Bearer ${token}` }),
})

/** The upload routes of earlier services keep the quotas. test/app/quota has the tests of the quotas themselves. */
describe('uploads through the compatibility routes', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let filler: TestUser

  before(async () => {
    app = await startApp({
      env: {
        MAX_FILE_BYTES: String(FILE_LIMIT),
        USER_SPACE_BYTES: '1000000',
        SERVER_SPACE_BYTES: String(SERVER_SPACE),
      },
    })
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    filler = await signUp(app, 'filler')
    await User.updateOne({ _id: ada.user._id }, { 'space.limit': SMALL_SPACE })
  })
  after(() => app.stop())

  const lasting = async () => ({ ...(await stateOf(app)), projects: await Project.find().lean() })

  async function send(
    route: UploadRoute,
    { token }: TestUser,
    bytes: number,
    length: 'announced' | 'unknown',
  ) {
    const body = await bodyOf(route, token, bytes)
    const headers = {
      ...headersOf(route, token),
      ...(length === 'announced' ? { 'Content-Length': body.length } : {}),
    }
    const sending = request(`${app.origin}${route.path}`, { method: 'POST', headers })
    sending.end(body)
    const [answer] = await once(sending, 'response')
    const text = (await answer.setEncoding('utf8').toArray()).join('')
    const { res, err, name, collection } = JSON.parse(text)
    return { status: answer.statusCode, code: err?.code ?? name, res: res ?? { id: collection?._id } }
  }

  for (const route of ROUTES)
    describe(route.name, () => {
      for (const length of ['announced', 'unknown'] as const) {
        it(`upload – over the quota, ${length} length → 507, nothing is left`, async () => {
          const before = await lasting()
          const { status, code } = await send(route, ada, SMALL_SPACE + OVERHEAD, length)
          expect({ status, code }).to.deep.equal({ status: 507, code: 'space_exceeded' })
          expect(await lasting()).to.deep.equal(before)
        })

        it(`upload – over the capacity, ${length} length → 507, nothing is left`, async () => {
          const { body } = await filler
            .post('/api/assets')
            .attach('files', Buffer.alloc(FILE_LIMIT), 'a')
            .expect(201)
          const before = await lasting()
          const { status, code } = await send(route, bob, SERVER_SPACE - FILE_LIMIT + OVERHEAD, length)
          expect({ status, code }).to.deep.equal({ status: 507, code: 'server_full' })
          expect(await lasting()).to.deep.equal(before)
          await filler.delete(`/api/assets/${body.res.asset.id}`).expect(204)
        })

        it(`upload – file over the limit, ${length} length → 413, nothing is left`, async () => {
          const before = await lasting()
          const { status, code } = await send(route, bob, FILE_LIMIT + 1, length)
          expect({ status, code }).to.deep.equal({ status: 413, code: 'too_large' })
          expect(await lasting()).to.deep.equal(before)
        })
      }

      it('upload – client disconnects midway → no object or reservation', async () => {
        const before = await lasting()
        const body = await bodyOf(route, ada.token, 50_000)
        const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
        const headers = { Host: 'a', 'Content-Length': body.length, ...headersOf(route, ada.token) }
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.write(`POST ${route.path} HTTP/1.1\r\n${lines.join('')}\r\n`)
        socket.write(body.subarray(0, 25_000))
        await eventually(async () => expect(await runningUploads()).to.have.length(1))
        socket.destroy()
        await eventually(async () => expect(await lasting()).to.deep.equal(before))
      })

      it('upload – many at once → under the limit, used space equals stored bytes', async () => {
        const carol = await signUp(app, `carol-${ROUTES.indexOf(route)}`)
        await User.updateOne({ _id: carol.user._id }, { 'space.limit': SMALL_SPACE })
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => send(route, carol, 30_000, 'announced')),
        )
        const stored = answers.filter(({ status }) => status === 201)
        expect(stored.length).to.be.within(1, 3)
        for (const { status, code } of answers)
          if (status !== 201) expect({ status, code }).to.deep.equal({ status: 507, code: 'space_exceeded' })
        const { location, space } = await User.findById(carol.user._id).orFail().lean()
        expect(space).to.include({ reserved: 0, files: stored.length })
        expect(space.used).to.equal(await storedBytes(app, `${location}/`))
        for (const { res } of stored)
          await carol.delete(`/api/assets/${res.id ?? res.image?.id ?? res.baseId}?force=1`).expect(204)
        expect(await storedBytes(app, `${location}/`)).to.equal(0)
      })
    })

  it('upload – file that exactly fits → stored', async () => {
    const [route] = ROUTES as [UploadRoute]
    const { status, res } = await send(route, ada, SMALL_SPACE, 'announced')
    expect(status).to.equal(201)
    expect((await User.spaceOf(ada.user._id))?.used).to.equal(SMALL_SPACE)
    await ada.delete(`/api/assets/${res.id}`).expect(204)
  })

  it('upload – client disconnects while space is reserved → undone', async () => {
    const before = await lasting()
    const [, route] = ROUTES as [UploadRoute, UploadRoute]
    const { reserve } = User
    let reach = () => {}
    const reached = new Promise<void>((resolve) => {
      reach = resolve
    })
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    User.reserve = async (...reservation) => {
      reach()
      await released
      return reserve.apply(User, reservation)
    }
    try {
      const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
      const body = await bodyOf(route, ada.token, 50_000)
      socket.write(
        'POST /api/upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
          `Content-Length: ${body.length}\r\n\r\n`,
      )
      socket.write(body.subarray(0, 25_000))
      await reached
      socket.destroy()
      await once(socket, 'close')
      await app.api.get('/healthz').expect(200)
      release()
      await eventually(async () => expect(await lasting()).to.deep.equal(before))
    } finally {
      User.reserve = reserve
      release()
    }
  })
})
