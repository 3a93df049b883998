import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import type { AssetAnswer } from '../support/app/assets.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'

const digestOf = (bytes: Buffer | string) =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

interface Answer {
  res: { asset: AssetAnswer }
  err: { code: string; details: { field: string }[] }
}

interface Part {
  field: string
  content: Buffer | string
  file?: string
  digest?: string
}

/** Encodes a multipart body whose parts can have a `Content-Digest`. */
const encode = (parts: Part[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(({ field, content, file, digest }) => [
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="${field}"`),
      Buffer.from(file === undefined ? '' : `; filename="${file}"`),
      Buffer.from(`${digest === undefined ? '' : `\r\nContent-Digest: ${digest}`}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--\r\n'),
  ])

describe('Content-Digest of a multipart body', () => {
  let app: TestApp
  let ada: TestUser
  let picture: Buffer
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    picture = await png()
  })
  after(() => app.stop())

  async function send(
    body: Buffer,
    headers: Record<string, string> = {},
    path = '/api/assets',
    method = 'POST',
  ) {
    const answer = await fetch(`${app.origin}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${ada.token}`,
        'Content-Type': 'multipart/form-data; boundary=b',
        ...headers,
      },
      body,
    })
    return { status: answer.status, body: (await answer.json()) as Answer }
  }

  /** Sends files of several sizes, an image and a field, with the digests that a function returns. */
  const sendParts = (digest: (part: Part) => string | undefined) => {
    const parts: Part[] = [
      { field: 'files', file: 'chair.obj', content: obj() },
      { field: 'files', file: 'large.bin', content: Buffer.alloc(700_000, 'ab\r\n--') },
      { field: 'files', file: 'empty.bin', content: '' },
      { field: 'images', file: 'a.png', content: picture },
      { field: 'name', content: 'Chair' },
    ]
    return send(encode(parts.map((part) => ({ ...part, ...withDigest(digest(part)) }))))
  }
  const withDigest = (digest: string | undefined) => (digest === undefined ? {} : { digest })

  it('POST /api/assets – every part has its digest → 201', async () => {
    const { status, body } = await sendParts(({ content }) => digestOf(content))
    expect(status).to.equal(201)
    expect(body.res.asset).to.include({ name: 'Chair', fileCount: 3 })
    expect(body.res.asset.images).to.have.length(1)
  })

  it('POST /api/assets – one part has another digest → 400 checksum_mismatch, nothing is left', async () => {
    const before = await stateOf(app)
    for (const wrong of ['chair.obj', 'large.bin', 'empty.bin', 'a.png', undefined]) {
      const { body, status } = await sendParts(({ file, content }) =>
        digestOf(file === wrong ? 'other' : content),
      )
      expect([status, body.err.code], wrong).to.deep.equal([400, 'checksum_mismatch'])
      expect(await stateOf(app)).to.deep.equal(before)
    }
  })

  it('POST /api/assets – sha-256 of a wrong form on a part → 400, other algorithms → ignored', async () => {
    const before = await stateOf(app)
    for (const digest of ['sha-256=abc', 'sha-256=:AAAA:', ':'])
      for (const field of ['files', 'images', 'name']) {
        const { body, status } = await sendParts((part) => (part.field === field ? digest : undefined))
        expect([status, body.err.code], `${field} ${digest}`).to.deep.equal([400, 'validation_failed'])
        expect(body.err.details[0]?.field).to.equal('Content-Digest')
      }
    expect(await stateOf(app)).to.deep.equal(before)
    expect((await sendParts(() => 'sha-512=:AAAA:')).status).to.equal(201)
  })

  it('POST /api/assets – digest of the whole body → 201 if it matches, 400 if not, nothing is left', async () => {
    const body = encode([{ field: 'files', file: 'chair.obj', content: obj() }])
    expect((await send(body, { 'Content-Digest': digestOf(body) })).status).to.equal(201)
    const before = await stateOf(app)
    const REFUSED = { [digestOf(obj())]: 'checksum_mismatch', 'sha-256=:AAAA:': 'validation_failed' }
    for (const [digest, code] of Object.entries(REFUSED)) {
      const answer = await send(body, { 'Content-Digest': digest })
      expect([answer.status, answer.body.err.code]).to.deep.equal([400, code])
      expect(await stateOf(app)).to.deep.equal(before)
    }
  })

  it('PUT /api/assets/:id/files – part has another digest → 400, the files stay', async () => {
    const { body } = await send(encode([{ field: 'files', file: 'chair.obj', content: obj() }]))
    const before = await stateOf(app)
    const parts = encode([{ field: 'files', file: 'a.bin', content: 'a', digest: digestOf('b') }])
    const answer = await send(parts, {}, `/api/assets/${body.res.asset.id}/files`, 'PUT')
    expect([answer.status, answer.body.err.code]).to.deep.equal([400, 'checksum_mismatch'])
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
