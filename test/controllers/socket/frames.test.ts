import { expect } from 'chai'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { stateOf } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'

const MiB = 1024 * 1024
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

describe('WebSocket frames', () => {
  let app: TestApp
  let ada: TestUser
  let socket: SocketClient
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  beforeEach(async () => {
    socket = await SocketClient.signedIn(app.origin, ada.token)
  })
  afterEach(closeSockets)

  const frames: [what: string, frame: string, id: unknown, code: string, fields?: string[]][] = [
    ['text that is not JSON', '{"id":1,', null, 'malformed_json'],
    ['an empty frame', '', null, 'malformed_json'],
    ['JSON that is not an object', '[1]', null, 'validation_failed', ['frame']],
    ['null', 'null', null, 'validation_failed', ['frame']],
    ['no operation', '{"id":1}', 1, 'validation_failed', ['op']],
    ['an unknown operation', '{"id":"x","op":"drop"}', 'x', 'validation_failed', ['op']],
    ['the name of an inherited property', '{"id":1,"op":"constructor"}', 1, 'validation_failed', ['op']],
    ['an operation that is not text', '{"id":1,"op":["list"]}', 1, 'validation_failed', ['op']],
    ['unknown fields', '{"id":1,"op":"list","token":"x"}', 1, 'validation_failed', ['token']],
    ['no operation and unknown fields', '{"id":1,"x":1,"y":2}', 1, 'validation_failed', ['op', 'x', 'y']],
    [
      'an unknown operation, wrong arguments and an unknown field',
      '{"id":1,"op":"drop","args":1,"x":1}',
      1,
      'validation_failed',
      ['op', 'args', 'x'],
    ],
    ['arguments that are not an object', '{"id":1,"op":"list","args":[]}', 1, 'validation_failed', ['args']],
    ['null as arguments', '{"id":1,"op":"list","args":null}', 1, 'validation_failed', ['args']],
    ['an unknown argument', '{"id":1,"op":"list","args":{"skip":1}}', 1, 'validation_failed', ['skip']],
    ['an argument of space', '{"id":1,"op":"space","args":{"of":1}}', 1, 'validation_failed', ['of']],
    ['an argument of subscribe', '{"id":1,"op":"subscribe","args":{"to":1}}', 1, 'validation_failed', ['to']],
    ['an object for text', '{"id":1,"op":"list","args":{"q":{"$ne":1}}}', 1, 'validation_failed', ['q']],
    ['a list for text', '{"id":1,"op":"get","args":{"id":["x"]}}', 1, 'validation_failed', ['id']],
    ['__proto__', '{"id":1,"op":"space","args":{"__proto__":1}}', 1, 'validation_failed', ['__proto__']],
    ['an id that is an object', '{"id":{"a":1},"op":"space"}', null, 'validation_failed', ['id']],
    ['an id that is a list', '{"id":["a"],"op":"space"}', null, 'validation_failed', ['id']],
    ['an id that is a boolean', '{"id":false,"op":"space"}', null, 'validation_failed', ['id']],
    ['an id that overflows to infinity', '{"id":1e999,"op":"space"}', null, 'validation_failed', ['id']],
    [
      'an id of 201 characters',
      `{"id":"${''.padEnd(201, 'x')}","op":"space"}`,
      null,
      'validation_failed',
      ['id'],
    ],
    ['an id nested 5,000 deep', `{"id":${deep(5000)},"op":"space"}`, null, 'validation_failed', ['id']],
    [
      'arguments nested 5,000 deep',
      `{"id":1,"op":"list","args":{"q":${deep(5000)}}}`,
      1,
      'validation_failed',
      ['args'],
    ],
    [
      'several errors in one frame',
      '{"id":[],"to":1,"args":1}',
      null,
      'validation_failed',
      ['op', 'args', 'id', 'to'],
    ],
    ['a text frame over 100 kB', `{"id":1,"op":"${''.padEnd(102_400)}"}`, null, 'too_large'],
  ]
  for (const [what, frame, id, code, fields] of frames)
    it(`frame – ${what} → refused, the connection stays open`, async () => {
      socket.socket.send(frame)
      const answer = await socket.find(({ status, err }) => status === 'error' && err?.code === code)
      expect(answer.id).to.deep.equal(id)
      expect(answer.err?.details?.map(({ field }) => field)).to.deep.equal(fields)
      expect(answer.err?.requestId).to.match(/^[0-9a-f-]{36}$/)
      await socket.expect('space')
    })

  it('frame – id is text of up to 200 characters, a number or null → same id in the answer', async () => {
    for (const id of [0, '', 'ü', null, 1.5, -1, ''.padEnd(200, 'x')]) {
      const count = socket.messages.length
      socket.send({ id, op: 'space' })
      await socket.find((message) => socket.messages.indexOf(message) >= count)
      expect(socket.messages.at(-1)).to.deep.include({ id, status: 'success' })
    }
    socket.send({ op: 'space' })
    expect(await socket.find(({ id, status }) => id === null && status === 'success')).to.be.an('object')
  })

  it('frame – 200 at once → all answered', async () => {
    const asked = Array.from({ length: 200 }, () => socket.begin('get', { id: 'x' }))
    await eventually(() => expect(socket.messages.filter(({ err }) => err)).to.have.length(200), 15_000)
    expect(socket.messages.filter(({ err }) => err).map(({ id }) => id)).to.have.members(asked)
  })

  it('frame – over 1 MiB, text or binary → closed with 1009', async () => {
    socket.send(Buffer.alloc(MiB + 1))
    expect((await socket.closed).code).to.equal(1009)
    const other = await SocketClient.signedIn(app.origin, ada.token)
    other.socket.send(''.padEnd(MiB + 1))
    expect((await other.closed).code).to.equal(1009)
  })

  it('frame – text that is not UTF-8 → closed with 1007', async () => {
    socket.socket.send(Buffer.from([0x7b, 0xff]), { binary: false })
    expect((await socket.closed).code).to.equal(1007)
  })

  it('binary frame – no upload → conflict once, closed with 1009 after 4 MiB', async () => {
    const before = await stateOf(app)
    socket.send(Buffer.alloc(0))
    for (let n = 0; n < 3; n++) socket.send(Buffer.alloc(MiB))
    const refusal = await socket.find(({ err }) => err?.code === 'conflict')
    expect(refusal.id).to.equal(null)
    await socket.expect('space')
    expect(socket.messages.filter(({ err }) => err)).to.have.length(1)
    socket.send(Buffer.alloc(MiB))
    expect((await socket.closed).code).to.equal(1009)
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
