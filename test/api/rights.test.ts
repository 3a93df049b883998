import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { CommandInterceptor } from '../support/app/command-interceptor.ts'
import {
  createRightsFixture,
  DEMOTED,
  deleteAll,
  LOCKED,
  OWNER_DELETED,
  type RightsFixture,
  readDocuments,
  readUploadTraces,
  rememberDocuments,
  SENDER_LOSSES,
  SESSION_ENDED,
  WRITER_LOSSES,
} from '../support/app/rights-fixture.ts'
import { closeSockets } from '../support/app/socket.ts'
import { WAYS, type Way } from './rights.table.ts'

/**
 * Every way to change something × every way to lose the right meanwhile. What is in the changed document is lost
 * directly before the update; the state of accounts is lost directly before the session, or the owner of the document, is
 * read the last time.
 */
const HOUR = 3_600_000

describe('rights lost while a request runs', function () {
  this.timeout(30_000)
  let app: TestApp
  let gate: CommandInterceptor
  before(async () => {
    // the looks of sockets at sessions and changes would be counted among the commands of a request
    app = await startApp({ limits: { sessionsMs: HOUR, changesMs: HOUR } })
    gate = new CommandInterceptor()
  })
  after(() => {
    gate.close()
    return app.stop()
  })
  afterEach(closeSockets)

  const worldOf = async ({ role, isPublic, prepare }: Way): Promise<RightsFixture> => {
    const world = await createRightsFixture(app, role, isPublic)
    await prepare?.(world)
    return world
  }

  for (const way of WAYS) {
    const { name, role, effect, ownAccount, locks, send } = way
    /** The numbers of the command that makes the change visible, and of the last looks at session and owner. */
    let moments: Record<'update' | 'look' | 'session', number>
    const losses = [
      { what: 'session ended', loss: SESSION_ENDED, moment: 'session' as const },
      ...Object.entries(SENDER_LOSSES).map(([what, loss]) => ({
        what,
        loss,
        moment: ownAccount ? ('update' as const) : ('session' as const),
      })),
      ...(role === 'writer' ? Object.entries(WRITER_LOSSES) : []).map(([what, loss]) => ({
        what,
        loss,
        moment: 'update' as const,
      })),
      ...(role === 'writer' ? [{ what: 'owner deleted', loss: OWNER_DELETED, moment: 'look' as const }] : []),
      ...(role === 'admin' ? [{ what: 'demoted', loss: DEMOTED, moment: 'session' as const }] : []),
      ...(locks ? [{ what: 'asset locked', loss: LOCKED, moment: 'update' as const }] : []),
    ]

    describe(name, () => {
      let world: RightsFixture
      let restore: () => Promise<void>
      before(async () => {
        await deleteAll(app)
        world = await worldOf(way)
        const commands = await gate.record(async () => {
          const { status, text } = await send(world[role], world)
          expect(status, text).to.be.within(200, 299)
        })
        const update = commands.indexOf(effect)
        moments = {
          update,
          look: commands.lastIndexOf('users.findOne', update),
          session: commands.lastIndexOf('sessions.find', update),
        }
        expect(update, commands.join(' ')).to.be.greaterThan(0)
        expect(update - moments.session, commands.join(' ')).to.be.within(1, 3)
        if (role === 'writer') expect(update - moments.look, commands.join(' ')).to.be.within(1, 2)
        await deleteAll(app)
        world = await worldOf(way)
        restore = await rememberDocuments()
      })
      afterEach(() => restore())

      for (const { what, loss, moment } of losses) {
        const [status, lose] = loss
        it(`${name} – ${what} → ${status}, nothing changed`, async () => {
          const there = await readDocuments()
          const trace = await readUploadTraces(app)
          let left = new Map<string, unknown>()
          const answer = await gate.before(
            moments[moment],
            async () => {
              await lose(world, world[role])
              left = new Map([...(await readDocuments())].filter(([id]) => there.has(id)))
            },
            () => send(world[role], world),
          )
          expect(answer.status, answer.text).to.equal(status)
          expect(await readDocuments()).to.deep.equal(left)
          expect(await readUploadTraces(app)).to.deep.equal(trace)
        })
      }
    })
  }
})
