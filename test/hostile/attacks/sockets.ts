import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { Target } from './target.ts'
import { type Ending, each, exchange } from './wire.ts'

interface Frame {
  fin: boolean
  rsv: number
  opcode: number
  masked: boolean
  payload: Uint8Array
  /** The length that the header tells, where that is another than the payload's. */
  told?: number
}

interface SocketCase {
  signedIn: boolean
  /** An upload is begun before the frames. */
  uploading: boolean
  frames: Frame[]
  ending: Ending
}

const TEXT = 1
const BINARY = 2
const CLOSE = 8

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  fin: fc.boolean(),
  rsv: fc.nat(7),
  opcode: fc.nat(15),
  masked: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 300 }),
})

const fine = { fin: true, rsv: 0, masked: true }
const textFrame = (payload: Uint8Array): Frame => ({ ...fine, opcode: TEXT, payload })
const nested = (depth: number) => `{"id":${'['.repeat(depth)}${']'.repeat(depth)},"op":"list"}`

/** Every kind of malformed frame by name (RFC 6455 §5 and §7.4), so that none depends on chance. */
const knownFrame = fc.constantFrom<Frame>(
  { ...textFrame(Buffer.from('{}')), masked: false },
  textFrame(Buffer.from([0xff, 0xfe, 0xc0])),
  { ...textFrame(Buffer.from('{}')), rsv: 4 },
  { ...fine, opcode: 3, payload: Buffer.alloc(0) },
  { ...fine, opcode: 11, payload: Buffer.alloc(0) },
  { ...fine, opcode: CLOSE, payload: Buffer.from([0x03]) },
  { ...fine, opcode: CLOSE, payload: Buffer.from([0x03, 0xed]) },
  { ...fine, opcode: CLOSE, payload: Buffer.from([0xff, 0xff]) },
  { ...fine, opcode: 9, fin: false, payload: Buffer.alloc(3) },
  { ...fine, opcode: 9, payload: Buffer.alloc(126) },
  { ...fine, opcode: 0, payload: Buffer.from('no message was begun') },
  { ...fine, opcode: BINARY, payload: Buffer.alloc(1000) },
  { ...fine, opcode: BINARY, payload: Buffer.alloc(10), told: 2 ** 21 },
  { ...fine, opcode: BINARY, payload: Buffer.alloc(10), told: 2 ** 62 },
  { ...fine, opcode: TEXT, payload: Buffer.alloc(1_100_000, 32) },
  textFrame(Buffer.from(nested(5000))),
  textFrame(Buffer.from(nested(300_000))),
)

const operations = ['create', 'login', 'auth', 'list', 'get', 'upload', 'remove', 'space', 'subscribe', 'x']
const jsonFrame = fc
  .record({
    id: fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue()),
    op: fc.oneof(fc.constantFrom(...operations), fc.jsonValue()),
    args: fc.oneof(
      fc.dictionary(
        fc.constantFrom('id', 'q', 'limit', 'name', 'size', 'token', '__proto__', 'x'),
        fc.jsonValue(),
      ),
      fc.jsonValue(),
    ),
  })
  .map((frame) => textFrame(Buffer.from(JSON.stringify(frame))))

const cases: fc.Arbitrary<SocketCase> = fc.record({
  signedIn: fc.boolean(),
  uploading: fc.boolean(),
  frames: fc.array(fc.oneof(knownFrame, anyFrame, jsonFrame), { minLength: 1, maxLength: 4 }),
  ending: fc.constantFrom<Ending>('wait', 'end', 'reset'),
})

/** Sends malformed and odd frames on sockets of their own. */
export async function attackFrames(target: Target, count: number, seed: number): Promise<void> {
  const { token } = await target.account()
  await each(fc.sample(cases, { numRuns: count, seed }), 16, async (one) => {
    const opening: Buffer[] = [Buffer.from(handshake())]
    if (one.signedIn) opening.push(operation('auth', { token }))
    if (one.signedIn && one.uploading) opening.push(operation('upload', { name: 'chair.bin', size: 100_000 }))
    const chunks = [...opening, ...one.frames.map(encode)]
    const answer = await exchange(target.port, { chunks, pauseMs: 2, ending: one.ending, waitMs: 300 })
    if (answer.includes('"code":"internal"')) target.fail(`internal for ${JSON.stringify(one)}`)
  })
}

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
const handshake = (...others: string[]) =>
  lines(
    'GET /ws HTTP/1.1',
    'Host: kura',
    'Upgrade: websocket',
    'Connection: Upgrade',
    ...(others.length > 0
      ? others
      : [`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Version: 13']),
  )

/** Handshakes that are wrong, unfinished, or many on one connection. */
export async function attackHandshakes(target: Target, count: number): Promise<void> {
  const forms: { chunks: string[]; ending: Ending }[] = [
    { chunks: [handshake('Sec-WebSocket-Version: 13')], ending: 'wait' },
    { chunks: [handshake('Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 13')], ending: 'wait' },
    {
      chunks: [handshake('Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 99')],
      ending: 'wait',
    },
    { chunks: [handshake().replace('/ws', '/elsewhere')], ending: 'wait' },
    { chunks: [handshake().replace('/ws', '/ws?%%%')], ending: 'wait' },
    { chunks: [handshake().replace('GET', 'POST')], ending: 'wait' },
    { chunks: [handshake().replace('websocket', 'h2c')], ending: 'wait' },
    { chunks: [handshake().slice(0, 40)], ending: 'reset' },
    { chunks: [handshake().repeat(200)], ending: 'end' },
    { chunks: [handshake().replace('/ws', '/').repeat(200)], ending: 'end' },
    { chunks: [handshake('Origin: https://evil.example', 'Sec-WebSocket-Version: 13')], ending: 'reset' },
  ]
  const all = Array.from({ length: Math.ceil(count / forms.length) }, () => forms).flat()
  await each(all, 8, async ({ chunks, ending }) => {
    await exchange(target.port, { chunks, ending, waitMs: 300 })
  })
}

const operation = (op: string, args: object) =>
  encode(textFrame(Buffer.from(JSON.stringify({ id: op, op, args }))))

function encode({ fin, rsv, opcode, masked, payload, told = payload.length }: Frame): Buffer {
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  const mask = masked ? 0x80 : 0
  if (told < 126) head.push(mask | told)
  else if (told < 65_536) head.push(mask | 126, told >> 8, told & 0xff)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(told))
    head.push(mask | 127, ...length)
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload])
  const key = Buffer.from([1, 2, 3, 4])
  const covered = Buffer.from(payload)
  for (let at = 0; at < covered.length; at++) covered[at] = Number(covered[at]) ^ Number(key[at % 4])
  return Buffer.concat([Buffer.from(head), key, covered])
}
