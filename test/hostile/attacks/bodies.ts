import fc from 'fast-check'
import type { Target } from './target.ts'
import { type Ending, each, exchange, statusOf } from './wire.ts'

interface BodyCase {
  method: 'POST' | 'PUT'
  contentType: string
  body: Buffer
  /** A correct or wrong `Content-Length`, or a chunked body. */
  length: 'told' | 'less' | 'more' | 'chunked'
  /** Sent fraction of the body, 0 to 1. */
  sent: number
  ending: Ending
  /** Additional headers. */
  others: string[]
}

/** Time limit for the answer to a complete request on a busy machine, in milliseconds. */
const ANSWER_MS = 60_000
const BOUNDARY = 'xYzZY'

const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '')
const name = fc.constantFrom(
  'files',
  'images',
  'file',
  'files[]',
  'files[0]',
  'name',
  'tags',
  'type',
  'visibility',
  '',
  '__proto__',
  'a[b][c]',
  '"',
  'é',
)
const fileName = fc.constantFrom(
  'filename="a.obj"',
  'filename=oak chair.obj',
  'filename="a.obj',
  'filename=""',
  "filename*=UTF-8''100%.obj",
  "filename*=UTF-8''%e2%82%ac.png",
  'filename="../../etc/passwd"',
  'filename="..\\\\x"',
  'filename="a\\"b.glb"',
  'filename="a\u0000b"',
  'filename="\u202Egpj.exe"',
  `filename="${'n'.repeat(5000)}"`,
  '',
)
const header = fc.oneof(
  fc
    .tuple(name, fileName)
    .map(([field, file]) => `Content-Disposition: form-data; name="${field}"${file && `; ${file}`}`),
  fc.constantFrom(
    'Content-Disposition: form-data',
    'Content-Disposition: attachment; name="files"; filename="x"',
    'Content-Disposition:',
    'Content-Disposition',
    'Content-Type: image/png',
    'Content-Type: multipart/mixed; boundary=inner',
    'Content-Type: ;;;',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: binary',
    'Content-Range: bytes 0-9/100',
    ' folded: line',
    ': no name',
    `X-Long: ${'x'.repeat(20_000)}`,
    'X-\u0001: control',
    'Content-Digest: sha-256=:AAAA:',
  ),
)
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '',
    'text',
    '\r\n',
    `\r\n--${BOUNDARY}x`,
    `--${BOUNDARY}`,
    '\r\n--',
    '0'.repeat(70_000),
    '\u0000',
  ),
)
const brokenPart = fc
  .record({
    dashes: fc.constantFrom('--', '--', '--', '-', ''),
    after: fc.constantFrom('', '', '', ' ', '\t', 'x', '--'),
    headers: fc.array(header, { maxLength: 3 }),
    ends: fc.array(lineEnd, { minLength: 6, maxLength: 6 }),
    content,
  })
  .map(({ dashes, after, headers, ends, content: text }) => {
    const [first, ...rest] = ends
    const head = headers.map((line, index) => `${line}${rest[index] ?? '\r\n'}`).join('')
    return `${dashes}${BOUNDARY}${after}${first}${head}${rest[3] ?? ''}${text}${rest[4] ?? ''}`
  })
/** A correct part. */
const rightPart = fc
  .tuple(fc.constantFrom('files', 'files', 'file', 'files[]', 'name', 'tags'), content)
  .map(([field, text]) => {
    const file = field.startsWith('file') ? '; filename="chair.obj"' : ''
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${file}\r\n\r\n${text}\r\n`
  })
const parts = fc.oneof(
  fc.array(rightPart, { minLength: 1, maxLength: 4 }),
  fc.array(fc.oneof(rightPart, brokenPart), { minLength: 1, maxLength: 4 }),
  fc.array(brokenPart, { maxLength: 4 }),
)
const multipart = fc
  .record({
    preamble: fc.constantFrom('', '', 'preamble\r\n', '\r\n'),
    parts,
    last: fc.constantFrom(
      `--${BOUNDARY}--\r\n`,
      `--${BOUNDARY}--\r\n`,
      `--${BOUNDARY}--`,
      `--${BOUNDARY}`,
      '',
      `--${BOUNDARY}--epilogue`,
    ),
  })
  .map(({ preamble, parts: sent, last }) => Buffer.from(preamble + sent.join('') + last, 'latin1'))

const contentType = fc.constantFrom(
  ...Array.from({ length: 8 }, () => `multipart/form-data; boundary=${BOUNDARY}`),
  `multipart/form-data; boundary="${BOUNDARY}"`,
  `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`,
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'b'.repeat(500)}`,
  `multipart/mixed; boundary=${BOUNDARY}`,
  'multipart/form-data; boundary=a"b',
)

const cases: fc.Arbitrary<BodyCase> = fc.record({
  method: fc.constantFrom('POST', 'POST', 'PUT'),
  contentType,
  body: multipart,
  length: fc.constantFrom('told', 'told', 'told', 'chunked', 'chunked', 'less', 'more'),
  sent: fc.oneof(fc.constant(1), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  ending: fc.constantFrom<Ending>('wait', 'wait', 'end', 'reset'),
  others: fc.subarray(['Expect: 100-continue', 'Content-Range: bytes 0-9/100', 'Content-Encoding: gzip'], {
    maxLength: 1,
  }),
})

/** Sends multipart bodies that a grammar generates from correct and wrong parts, complete or incomplete. */
export async function attackBodies(target: Target, count: number, seed: number): Promise<void> {
  const { token } = await target.account()
  await each(fc.sample(cases, { numRuns: count, seed }), 12, async (one) => {
    const path = one.method === 'POST' ? '/api/assets' : `/api/assets/${target.replaceable}/files`
    const as = one.method === 'POST' ? token : target.owner.token
    const part = one.body.subarray(0, Math.floor(one.body.length * one.sent))
    const isWhole = one.sent === 1 && (one.length === 'told' || one.length === 'chunked')
    const ending = isWhole && one.ending === 'end' ? 'wait' : one.ending
    const chunks = [headOf(one, path, as), ...encode(one, part, isWhole)]
    const began = Date.now()
    const answer = await exchange(target.port, { chunks, ending, waitMs: isWhole ? ANSWER_MS : 300 })
    const status = statusOf(answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ''))
    target.answered(status, () => describe(one))
    if (isWhole && ending === 'wait' && status === 0)
      target.fail(`no answer within ${Date.now() - began} ms for ${describe(one)}`)
  })
}

function headOf(
  { method, contentType: type, body, length, others }: BodyCase,
  path: string,
  token: string,
): string {
  const told = {
    told: body.length,
    less: Math.max(0, body.length - 10),
    more: body.length + 1000,
    chunked: 0,
  }[length]
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: kura',
    'Connection: close',
    `Authorization: Bearer ${token}`,
    `Content-Type: ${type}`,
    length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${told}`,
    ...others,
    '\r\n',
  ].join('\r\n')
}

function encode({ length }: BodyCase, part: Buffer, isWhole: boolean): (Buffer | string)[] {
  if (length !== 'chunked') return [part]
  const chunk = part.length > 0 ? [`${part.length.toString(16)}\r\n`, part, '\r\n'] : []
  return isWhole ? [...chunk, '0\r\n\r\n'] : chunk
}

const describe = ({ body, ...rest }: BodyCase) =>
  JSON.stringify({ ...rest, body: body.toString('latin1').slice(0, 1500) })
