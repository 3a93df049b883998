import { expect } from 'chai'
import { changeRights } from '../../app/accounts/change-rights.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { beginUpload, multipart } from '../support/app/raw-upload.ts'
import {
  createRightsFixture,
  deleteAll,
  LOCKED,
  OWNER_DELETED,
  type RightsFixture,
  type Role,
  readDocuments,
  readUploadTraces,
  rememberDocuments,
  SENDER_LOSSES,
  SESSION_ENDED,
  WRITER_LOSSES,
} from '../support/app/rights-fixture.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const HOUR = 3_600_000
/** Error codes and close codes of a socket as HTTP statuses. */
const STATUS: Record<string, number> = { unauthenticated: 401, 4401: 401 }

interface Way {
  name: string
  role: Role
  /** Sends a half of a file, waits for `meanwhile`, and sends the rest. */
  send: (world: RightsFixture, file: Buffer, meanwhile: () => Promise<void>) => Promise<number>
}

const http = (
  method: 'POST' | 'PUT',
  pathOf: (world: RightsFixture) => string,
  role: Role,
  field: string | null = 'files',
): Way => ({
  name: `${method} ${pathOf({ scene: { at: (rest: string) => `/api/assets/:id${rest}` } } as RightsFixture)}`,
  role,
  async send(world, file, meanwhile) {
    const { app, [role]: sender } = world
    const how = { method, path: pathOf(world), field, name: 'a.png' }
    const body = multipart(file, how)
    const { sending, answer } = beginUpload({ origin: app.origin, token: sender.token }, how)
    sending.write(body.subarray(0, body.length / 2))
    await underWay()
    await meanwhile()
    sending.end(body.subarray(body.length / 2))
    return (await answer).status
  },
})

const WAYS: Way[] = [
  http('POST', () => '/api/assets', 'owner'),
  http('PUT', () => '/api/files/a.png', 'owner', null),
  http('POST', () => '/api/upload', 'owner', 'file'),
  http('POST', () => '/images', 'owner', 'image'),
  http('POST', () => '/base', 'owner', 'file'),
  http('POST', () => '/collections', 'owner', 'image[file]'),
  http('PUT', ({ scene }) => scene.at('/files'), 'writer'),
  http('POST', ({ scene }) => scene.at('/images'), 'writer', 'images'),
  {
    name: 'op upload',
    role: 'owner',
    async send({ app, owner }, file, meanwhile) {
      const socket = await SocketClient.signedIn(app.origin, owner.token)
      const id = socket.begin('upload', { name: 'a.png', size: file.length })
      await socket.find(({ event }) => event === 'upload.ready')
      socket.send(file.subarray(0, file.length / 2))
      await meanwhile()
      socket.send(file.subarray(file.length / 2))
      // The heartbeat may close the connection before the upload is refused.
      const closed = socket.closed.then(({ code }) => ({ err: { code: String(code) } }))
      const { err } = await Promise.race([socket.answerTo(id), closed])
      return err ? (STATUS[err.code] ?? 500) : 201
    },
  },
]

const underWay = () =>
  eventually(async () => {
    if (!(await User.exists({ 'space.uploads.0': { $exists: true } })))
      throw new Error('no space is reserved')
  })

describe('rights lost while the bytes of an upload arrive', () => {
  let app: TestApp
  let file: Buffer
  before(async () => {
    app = await startApp()
    file = await png({ width: 64, height: 64 })
  })
  after(() => app.stop())
  afterEach(closeSockets)

  for (const { name, role, send } of WAYS)
    describe(name, () => {
      let world: RightsFixture
      let restore: () => Promise<void>
      before(async () => {
        await deleteAll(app)
        world = await createRightsFixture(app, role)
        restore = await rememberDocuments()
      })
      afterEach(() => restore())

      const others = { ...WRITER_LOSSES, 'asset locked': LOCKED, 'owner deleted': OWNER_DELETED }
      const losses = {
        ...SENDER_LOSSES,
        'session revoked elsewhere': SESSION_ENDED,
        ...(role === 'writer' ? others : {}),
      }
      for (const [what, [status, lose]] of Object.entries(losses))
        it(`${name} – ${what} → ${status}, nothing changed`, async () => {
          const there = await readDocuments()
          const trace = await readUploadTraces(app)
          let left = new Map<string, unknown>()
          const answered = await send(world, file, async () => {
            await lose(world, world[role])
            left = new Map([...(await readDocuments())].filter(([id]) => there.has(id)))
          })
          expect(answered).to.equal(status)
          await eventually(async () => expect(await readUploadTraces(app)).to.deep.equal(trace))
          expect(await readDocuments()).to.deep.equal(left)
        })
    })

  for (const { name, role, send } of WAYS) {
    it(`${name} – the session runs out → done`, async () => {
      const world = await createRightsFixture(app, role)
      const answered = await send(world, file, async () => {
        app.clock.advance(49 * HOUR)
      })
      expect(answered).to.be.within(200, 201)
    })

    if (role === 'writer')
      it(`${name} – the owner is disabled → done`, async () => {
        const world = await createRightsFixture(app, role)
        const answered = await send(world, file, async () => {
          await changeRights(app.context, world.root, world.owner.user, { disabled: true })
        })
        expect(answered).to.be.within(200, 201)
      })
  }
})
