import { expect } from 'chai'
import { OPERATIONS } from '../../../controllers/socket/operations.ts'
import { Asset } from '../../../models/asset.ts'
import {
  type AccessFixture,
  type CallerUsers,
  createAccessFixture,
  STATES,
  type State,
  signUpCallers,
} from '../../support/app/access-fixture.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { stateOf } from '../../support/app/state.ts'
import { PASSWORD } from '../../support/app/users.ts'

const CALLERS = ['anonymous', 'unrelated', 'reader', 'writer', 'owner'] as const
type Caller = (typeof CALLERS)[number]
type Outcomes = Record<Caller, string>

const SIGNED_IN = ['unrelated', 'reader', 'writer', 'owner'] as const
const ok = (...callers: Caller[]) => Object.fromEntries(callers.map((caller) => [caller, 'ok']))
const all = (outcome: string): Outcomes => {
  const entries = CALLERS.map((caller) => [caller, outcome])
  return Object.fromEntries(entries)
}

const NOT_FOUND = all('not_found')
const signedInOnly: Outcomes = { ...all('unauthenticated'), ...ok(...SIGNED_IN) }
const anonymousOnly: Outcomes = { ...all('conflict'), ...ok('anonymous') }

const SHARED = { ...NOT_FOUND, ...ok('reader', 'writer', 'owner') }
const get: Record<State, Outcomes> = {
  private: { ...NOT_FOUND, ...ok('owner') },
  public: all('ok'),
  shared: SHARED,
  locked: SHARED,
  closed: SHARED,
}
const refused = { ...NOT_FOUND, anonymous: 'unauthenticated' }
const readers = { ...refused, reader: 'forbidden', writer: 'forbidden' }
const remove: Record<State, Outcomes> = {
  private: { ...refused, owner: 'ok' },
  public: { ...readers, unrelated: 'forbidden', owner: 'ok' },
  shared: { ...readers, owner: 'ok' },
  locked: { ...readers, owner: 'locked' },
  closed: readers,
}
const list = {
  private: all('ok'),
  public: all('ok'),
  shared: all('ok'),
  locked: all('ok'),
  closed: all('ok'),
}

/** Expected result of each operation by caller and, for operations on an asset, by state of the asset. */
const EXPECTED: Record<string, Partial<Record<State, Outcomes>>> = {
  create: { private: anonymousOnly },
  login: { private: anonymousOnly },
  auth: { private: all('ok') },
  list,
  get,
  upload: { private: signedInOnly },
  remove,
  space: { private: signedInOnly },
  subscribe: { private: signedInOnly },
}

describe('access matrix of the WebSocket', () => {
  let app: TestApp
  let users: CallerUsers
  before(async () => {
    app = await startApp()
    users = await signUpCallers(app)
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('access matrix – all operations → one row each', () => {
    expect(Object.keys(EXPECTED)).to.have.members([...OPERATIONS.keys()])
  })

  const tokenOf = (caller: Caller, { owner }: AccessFixture) =>
    caller === 'anonymous' ? null : (caller === 'owner' ? owner : users[caller]).token

  let names = 0
  const argsOf = (op: string, caller: Caller, scene: AccessFixture): object => {
    const token = tokenOf(caller, scene) ?? users.unrelated.token
    const args: Record<string, object> = {
      create: { username: `new-${names++}` },
      login: { login: 'unrelated', password: PASSWORD },
      auth: { token },
      upload: { name: 'a.bin', size: 0 },
    }
    return args[op] ?? (op === 'get' || op === 'remove' ? { id: scene.asset._id.toString() } : {})
  }

  for (const [op, states] of Object.entries(EXPECTED))
    for (const state of STATES.filter((one) => states[one]))
      it(`${op} – asset is ${state} → result of the matrix for each caller`, async () => {
        const scene = await createAccessFixture(app, state)
        // The connections and tokens of a disabled owner have ended.
        for (const caller of CALLERS.filter((one) => state !== 'closed' || one !== 'owner')) {
          const socket = await SocketClient.open(app.origin)
          const token = tokenOf(caller, scene)
          if (token) await socket.expect('auth', { token })
          const before = await stateOf(app)
          const answer = await socket.ask(op, argsOf(op, caller, scene))
          const expected = states[state]?.[caller]
          expect(answer.err?.code ?? 'ok', caller).to.equal(expected)
          if (expected !== 'ok') {
            expect(answer).to.have.all.keys('id', 'status', 'err')
            for (const secret of scene.secrets) expect(JSON.stringify(answer)).not.to.contain(secret)
            expect(await stateOf(app)).to.deep.equal(before)
          }
          if (op === 'list') {
            const found = answer.res?.assets?.some(({ id }) => id === scene.asset._id.toString())
            expect(found, caller).to.equal(get[state][caller] === 'ok')
          }
          if (op === 'remove')
            expect((await Asset.exists({ _id: scene.asset._id })) === null).to.equal(expected === 'ok')
          socket.close()
        }
      })
})
