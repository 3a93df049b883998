import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import type { Response, Test } from 'supertest'
import { startApp, type TestApp } from '../support/app/app.ts'
import { runningUploads, stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { announcedPng, obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const FILE_LIMIT = 200_000

interface Refusal {
  name: string
  request: (post: Test) => PromiseLike<Response>
  status: number
  code: string
  field?: string
}

const file = (post: Test) => post.attach('files', obj(), 'chair.obj')
const many = (post: Test, count: number, field: string, bytes: Buffer) => {
  for (let index = 0; index < count; index += 1) post.attach(field, bytes, `${index}.obj`)
  return post
}
const raw = (type: string, body: string | Buffer) => (post: Test) => post.set('Content-Type', type).send(body)
const multipart = (body: string) => raw('multipart/form-data; boundary=b', body)
const part = (headers: string, content: string) => `--b\r\n${headers}\r\n\r\n${content}\r\n`
const FILE_PART = part('Content-Disposition: form-data; name="files"; filename="a.obj"', 'v 0 0 0')

const REFUSALS: Refusal[] = [
  {
    name: 'no file',
    request: (post) => post.field('name', 'x'),
    status: 400,
    code: 'validation_failed',
    field: 'files',
  },
  { name: '21 files', request: (post) => many(post, 21, 'files', obj()), status: 413, code: 'too_large' },
  {
    name: 'nine images',
    request: async (post) => many(file(post), 9, 'images', await png()),
    status: 413,
    code: 'too_large',
  },
  {
    name: 'a file over the limit',
    request: (post) => post.attach('files', Buffer.alloc(FILE_LIMIT + 1), 'big.bin'),
    status: 413,
    code: 'too_large',
  },
  {
    name: 'a second file over the limit',
    request: (post) => file(post).attach('files', Buffer.alloc(FILE_LIMIT + 1), 'big.bin'),
    status: 413,
    code: 'too_large',
  },
  {
    name: 'a preview image that is none',
    request: (post) =>
      file(post).attach('images', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.png'),
    status: 415,
    code: 'unsupported_media',
  },
  {
    name: 'a preview image with too many pixels',
    request: (post) => file(post).attach('images', announcedPng(15_000, 15_000), 'a.png'),
    status: 413,
    code: 'too_large',
  },
  {
    name: 'a file in a field of another name',
    request: (post) => file(post).attach('model', obj(), 'a.obj'),
    status: 400,
    code: 'validation_failed',
    field: 'model',
  },
  { name: 'JSON', request: (post) => post.send({ name: 'x' }), status: 415, code: 'unsupported_media' },
  {
    name: 'a form that is not multipart',
    request: raw('application/x-www-form-urlencoded', 'name=x'),
    status: 415,
    code: 'unsupported_media',
  },
  {
    name: 'multipart without a boundary',
    request: raw('multipart/form-data', FILE_PART),
    status: 400,
    code: 'malformed_upload',
  },
  { name: 'a body cut short', request: multipart(FILE_PART), status: 400, code: 'malformed_upload' },
  {
    name: 'a body that is no multipart',
    request: multipart('v 0 0 0'),
    status: 400,
    code: 'malformed_upload',
  },
  {
    name: 'a field twice',
    request: (post) => file(post).field('name', 'a').field('name', 'b'),
    status: 400,
    code: 'validation_failed',
    field: 'name',
  },
  {
    name: '10,000 fields',
    request: multipart(
      Array.from({ length: 10_000 }, (_, n) =>
        part(`Content-Disposition: form-data; name="f${n}"`, 'x'),
      ).join(''),
    ),
    status: 413,
    code: 'too_large',
  },
  {
    name: 'an unknown field',
    request: (post) => file(post).field('owner', 'somebody'),
    status: 400,
    code: 'validation_failed',
    field: 'owner',
  },
  {
    name: 'a name over 200 characters',
    request: (post) => file(post).field('name', 'x'.repeat(201)),
    status: 400,
    code: 'validation_failed',
    field: 'name',
  },
  {
    name: 'a name with a NUL byte',
    request: (post) => file(post).field('name', 'a\0b'),
    status: 400,
    code: 'validation_failed',
    field: 'name',
  },
  {
    name: 'a name with line breaks',
    request: (post) => file(post).field('name', 'a\r\nSet-Cookie: b'),
    status: 400,
    code: 'validation_failed',
    field: 'name',
  },
  {
    name: 'a name of invalid UTF-8',
    request: raw(
      'multipart/form-data; boundary=b',
      Buffer.concat([
        Buffer.from(`${FILE_PART}--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n`),
        Buffer.from([0x61, 0xff, 0xfe]),
        Buffer.from('\r\n--b--\r\n'),
      ]),
    ),
    status: 400,
    code: 'validation_failed',
    field: 'name',
  },
  {
    name: 'a nested field',
    request: (post) => file(post).field('name[$gt]', ''),
    status: 400,
    code: 'validation_failed',
    field: 'name[$gt]',
  },
  {
    name: '__proto__',
    request: (post) => file(post).field('__proto__', 'x'),
    status: 400,
    code: 'validation_failed',
    field: '__proto__',
  },
  {
    name: 'twenty-one tags',
    request: (post) => file(post).field('tags', Array.from({ length: 65 }, (_, n) => `tag${n}`).join(',')),
    status: 400,
    code: 'validation_failed',
    field: 'tags',
  },
  {
    name: 'a type of its own',
    request: (post) => file(post).field('type', '4D'),
    status: 400,
    code: 'validation_failed',
    field: 'type',
  },
]

describe('POST /api/assets, refused', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp({ env: { MAX_FILE_BYTES: String(FILE_LIMIT), MAX_FILES: '20' } })
    ada = await signUp(app, 'ada')
    await file(ada.post('/api/assets')).expect(201)
  })
  after(() => app.stop())

  for (const { name, request, status, code, field } of REFUSALS) {
    it(`POST /api/assets – ${name} → ${status} ${code}, nothing is left`, async () => {
      const before = await stateOf(app)
      const { status: seen, body } = await request(ada.post('/api/assets'))
      expect({ status: seen, code: body.err?.code }, JSON.stringify(body)).to.deep.equal({ status, code })
      expect(body.err.requestId).to.be.a('string')
      if (field) expect(body.err.details.map((detail: { field: string }) => detail.field)).to.include(field)
      expect(await stateOf(app)).to.deep.equal(before)
    })
  }

  it('POST /api/assets – Content-Length over the largest possible body → refused unread', async () => {
    const before = await stateOf(app)
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    socket.write(
      `POST /api/assets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ada.token}\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999999999\r\n\r\n',
    )
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(answer.toString())
      .to.match(/^HTTP\/1\.1 413 /)
      .and.to.match(/\r\nConnection: close\r\n/i)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('POST /api/assets – client disconnects midway → no object or reservation', async () => {
    const before = await stateOf(app)
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    socket.write(
      `POST /api/assets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ada.token}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 190000\r\n\r\n${FILE_PART}`.replace(
          'v 0 0 0',
          '',
        ),
    )
    socket.write(Buffer.alloc(95_000))
    await eventually(async () => expect(await runningUploads()).to.have.length(1))
    socket.destroy()
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))
  })
})
