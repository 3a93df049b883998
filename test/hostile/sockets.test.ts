import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Client, register, uploadFile } from '../support/app/client.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { frame, rawWebSocket } from '../support/app/raw-socket.ts'
import { SocketClient } from '../support/app/socket.ts'
import { eventually } from '../support/eventually.ts'

const MiB = 1024 * 1024
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const MALFORMED: [name: string, bytes: Buffer][] = [
  ['without a mask', frame('{}', { masked: false })],
  ['bad UTF-8', frame(Buffer.from([0x7b, 0xff]))],
  ['bad UTF-8 in a close reason', frame(Buffer.from([0x03, 0xe8, 0xff]), { opcode: 8 })],
  ['a reserved bit', frame('{}', { rsv: 4 })],
  ['other reserved bits', frame('{}', { rsv: 3 })],
  ['an unknown opcode', frame('{}', { opcode: 3 })],
  ['an unknown control opcode', frame('', { opcode: 11 })],
  ['a bad close code', frame(Buffer.from([0x03, 0xec]), { opcode: 8 })],
  ['a close code of one byte', frame(Buffer.from([0x03]), { opcode: 8 })],
  ['a fragmented control frame', frame('x', { opcode: 9, fin: false })],
  ['a control frame over 125 bytes', frame(''.padEnd(126), { opcode: 9 })],
  ['a continuation without a message', frame('x', { opcode: 0 })],
  ['a new message inside a fragmented message', Buffer.concat([frame('{', { fin: false }), frame('}')])],
  ['over 1 MiB', frame(Buffer.alloc(MiB + 1), { opcode: 2 })],
  ['an announced length of 2^62', frame('', { opcode: 2, length: 2 ** 62 })],
  ['an announced length of 2^63', Buffer.from('82ff800000000000000000000000', 'hex')],
  [
    'fragments over 1 MiB',
    Buffer.concat([frame(Buffer.alloc(MiB), { fin: false, opcode: 2 }), frame('xx', { opcode: 0 })]),
  ],
  [
    '16,385 fragments',
    Buffer.concat([
      frame('x', { fin: false }),
      ...Array.from({ length: 16_384 }, () => frame('x', { opcode: 0, fin: false })),
    ]),
  ],
]

describe('hostile sockets', function () {
  this.timeout(120_000)
  let folder: string
  let service: ServiceProcess
  let ada: Client

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-hostile-'))
    service = await startProcess({ DATA_DIR: folder })
    ada = await register(service.origin)
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    expect(service.hasEnded(), service.output().slice(-2000)).to.equal(false)
    expect((await fetch(`${service.origin}/healthz`)).status).to.equal(200)
    expect(service.output().match(/.*"level":(?:50|60).*/g) ?? []).to.deep.equal([])
  })

  const signedIn = async () => {
    const socket = await rawWebSocket(service.origin)
    socket.write(frame(JSON.stringify({ id: 1, op: 'auth', args: { token: ada.token } })))
    expect(String((await once(socket, 'data'))[0])).to.contain('"status":"success"')
    return socket
  }
  const anonymous = () => rawWebSocket(service.origin)
  const uploading = async () => {
    const socket = await signedIn()
    socket.write(frame(JSON.stringify({ id: 2, op: 'upload', args: { name: 'a.bin', size: 1000 } })))
    expect(String((await once(socket, 'data'))[0])).to.contain('upload.ready')
    socket.write(frame(Buffer.alloc(100), { opcode: 2 }))
    return socket
  }
  const ended = (socket: Socket) => (socket.resume().destroyed ? undefined : once(socket, 'close'))

  const STATES: [name: string, open: () => Promise<Socket>][] = [
    ['a new connection', anonymous],
    ['a signed-in connection', signedIn],
    ['a connection with a running upload', uploading],
  ]
  for (const [state, open] of STATES)
    for (const [name, bytes] of MALFORMED)
      it(`frame – ${name} on ${state} → only that connection is closed`, async () => {
        const socket = await open()
        const other = await signedIn()
        socket.write(bytes)
        socket.end()
        await ended(socket)
        other.write(frame('{"id":9,"op":"space"}'))
        expect(String((await once(other, 'data'))[0])).to.match(/"id":9,"status":"success".*"reserved":\d/)
        other.destroy()
      })

  it('frame – connection ended or reset mid-frame → only that connection is closed', async () => {
    const whole = frame(JSON.stringify({ id: 1, op: 'list' }))
    for (const [, open] of STATES)
      for (const length of [1, 3, 8, whole.length - 1]) {
        const one = await open()
        one.write(whole.subarray(0, length))
        one.resetAndDestroy()
        const other = await open()
        other.write(whole.subarray(0, length))
        other.end()
        await ended(other)
      }
  })

  it('upload – connection broke off → no reservation, no object', async () => {
    await eventually(async () => {
      const answer = await fetch(`${service.origin}/api/space`, {
        headers: { Authorization: `Bearer ${ada.token}` },
      })
      expect(((await answer.json()) as { res: object }).res).to.include({ used: 0, reserved: 0, files: 0 })
    }, 20_000)
  })

  it('frame – id or arguments nested thousands of levels deep → refused, the connection stays open', async () => {
    const socket = await SocketClient.signedIn(service.origin, ada.token)
    for (const levels of [30, 5000, 50_000]) {
      const count = socket.messages.length
      socket.socket.send(`{"id":${deep(levels)},"op":"space"}`)
      socket.socket.send(`{"id":"deep","op":"list","args":{"q":${deep(levels)}}}`)
      const [first, second] = await eventually(() => {
        const added = socket.messages.slice(count)
        expect(added).to.have.length(2)
        return added
      })
      expect([first?.id, first?.err?.code]).to.deep.equal([null, 'validation_failed'])
      expect([second?.id, second?.err?.code]).to.deep.equal(['deep', 'validation_failed'])
    }
    await socket.expect('space')
    socket.close()
  })

  describe('a client that never reads', () => {
    let idle: number
    before(async () => {
      for (let n = 0; n < 30; n++) await uploadFile(ada, Buffer.from(`${n}`))
      idle = await residentBytes(service.pid)
    })

    const FLOODS: [name: string, open: () => Promise<Socket>, flood: Buffer, count: number][] = [
      ['malformed JSON without a sign-in', anonymous, frame(''), 8],
      ['pings without a sign-in', anonymous, frame('', { opcode: 9 }), 8],
      ['large pings without a sign-in', anonymous, frame(''.padEnd(125), { opcode: 9 }), 8],
      ['malformed JSON', signedIn, frame(''), 8],
      ['long malformed JSON', signedIn, frame('{'.padEnd(200)), 8],
      ['lists', signedIn, frame('{"id":1,"op":"list","args":{"limit":100}}'), 2],
    ]
    // floods whose connections are closed by the same rule run at the same time, because each takes 20 s
    for (const [flooded, limit] of [
      [FLOODS.slice(0, 3), 150e6],
      [FLOODS.slice(3, 5), 150e6],
      [FLOODS.slice(5), 250e6],
    ] as const)
      it(`${flooded.map(([name]) => name).join(', ')} – sent endlessly → closed, memory grows by less than ${limit / 1e6} MB`, async () => {
        const closedBefore = closedByFlood(service)
        const sent = await Promise.all(
          flooded.map(async ([, open, one, count]) => ({
            flood: Buffer.concat(Array.from({ length: Math.ceil(60_000 / one.length) }, () => one)),
            sockets: await Promise.all(Array.from({ length: count }, open)),
          })),
        )
        const all = sent.flatMap(({ sockets }) => sockets)
        for (const socket of all) socket.pause()
        let most = 0
        await eventually(async () => {
          for (const { flood, sockets } of sent)
            for (const socket of sockets) if (socket.writableLength < 200_000) socket.write(flood)
          most = Math.max(most, await residentBytes(service.pid))
          expect(closedByFlood(service) - closedBefore).to.equal(all.length)
        }, 90_000)
        for (const socket of all) socket.destroy()
        expect(most - idle).to.be.below(limit)
      })
  })
})

/** Returns how many connections were closed because they did not read or did not sign in. */
const closedByFlood = ({ output }: ServiceProcess) =>
  output().match(/"code":(?:4401|1008),"msg":"socket closed"/g)?.length ?? 0

/** Returns the resident memory of a process, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const [, kB] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kB) * 1024
}
