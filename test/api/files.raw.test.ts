import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import type { Test } from 'supertest'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, wholeAsset } from '../support/app/assets.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { runningUploads, stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const MAX_FILE = 2_000_000
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const digestOf = (bytes: Buffer) => `sha-256=:${sha256(bytes).toString('base64')}:`

describe('PUT /api/files/:filename', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ env: { MAX_FILE_BYTES: String(MAX_FILE), USER_SPACE_BYTES: '50000000' } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  const put = (name: string, bytes: Buffer | string = obj(), headers: Record<string, string> = {}): Test =>
    ada.put(`/api/files/${name}`).set(headers).send(bytes)

  /** Sends a request as the bytes of its text. The text has no `Authorization`. Resolves with the answer so far. */
  async function sendText(head: string[], body = ''): Promise<{ answer: () => string; end: () => void }> {
    const socket = await rawConnection(app.origin)
    let answer = ''
    socket.setEncoding('utf8').on('data', (data) => {
      answer += data
    })
    const lines = [...head, 'Host: localhost', `Authorization: Bearer ${ada.token}`, '', body]
    socket.write(lines.join('\r\n'), 'latin1')
    return { answer: () => answer, end: () => socket.destroy() }
  }

  /** Sends chunks without a length. */
  async function sendChunks(path: string, chunks: Buffer[], headers: Record<string, string> = {}) {
    const sending = request(`${app.origin}${path}`, {
      method: 'PUT',
      agent: false,
      headers: { Authorization: `Bearer ${ada.token}`, 'Transfer-Encoding': 'chunked', ...headers },
    })
    sending.on('error', () => undefined)
    const answer = new Promise<{
      status: number
      body: { res: { asset: AssetAnswer }; err: { code: string } }
    }>((resolve) =>
      sending.once('response', async (res) =>
        resolve({ status: Number(res.statusCode), body: JSON.parse(await text(res)) }),
      ),
    )
    for (const chunk of chunks) sending.write(chunk)
    sending.end()
    return answer
  }

  async function assertRefused(
    send: () => PromiseLike<{ status: number; body: unknown }>,
    expected: unknown[],
  ) {
    const before = await stateOf(app)
    const { status, body } = await send()
    expect([status, (body as { err?: { code: string } }).err?.code], JSON.stringify(body)).to.deep.equal(
      expected,
    )
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))
  }

  it('PUT /api/files/:filename – bytes and fields in the query → 201, Location, the asset and its object', async () => {
    const bytes = obj()
    const query = 'name=Oak%20chair&description=Old%0Aoak&type=3D&tags=wood,Chair&tags=oak&visibility=public'
    const answer = await put(`chair.obj?${query}`, bytes).expect(201)
    const { asset } = answer.body.res
    expect(answer.headers.location).to.equal(`/api/assets/${asset.id}`)
    expect(answer.headers.etag).to.match(/^"1-/)
    expect(asset).to.deep.include({
      name: 'Oak chair',
      description: 'Old\noak',
      type: '3D',
      media: 'model',
      tags: ['wood', 'chair', 'oak'],
      visibility: 'public',
      size: bytes.length,
      fileCount: 1,
    })
    expect(asset.files[0]).to.include({ name: 'chair.obj', sha256: sha256(bytes).toString('hex') })
    const [file] = (await wholeAsset(asset.id)).allFiles
    expect(await text(await app.store.open(String(file?.key)))).to.equal(bytes.toString())
    const { body } = await ada.get('/api/space')
    expect(body.res).to.deep.include({ used: bytes.length, reserved: 0, files: 1 })
    expect(await runningUploads()).to.deep.equal([])
  })

  it('PUT /api/files/:filename – no query → private asset named as the file, empty parameters are absent', async () => {
    for (const query of ['', '?', '?name=&description=&type=&tags=&visibility=']) {
      const { body } = await put(`chair.obj${query}`).expect(201)
      expect(body.res.asset).to.include({ name: 'chair.obj', visibility: 'private', description: '' })
    }
  })

  it('PUT /api/files/:filename/ – slash at the end → 201', async () => {
    const { body } = await put('chair.obj/').expect(201)
    expect(body.res.asset.files[0].name).to.equal('chair.obj')
  })

  it('PUT /api/files/:filename – any Content-Type → the type is told from the content', async () => {
    const picture = await png()
    const types = [
      ...[
        'application/json',
        'application/json; charset=x',
        'application/x-www-form-urlencoded',
        'text/plain',
      ],
      ...['image/jpeg', 'multipart/mixed', 'not a type'],
    ]
    for (const type of types) {
      const headers = { Authorization: `Bearer ${ada.token}`, 'Content-Type': type }
      const answer = await fetch(`${app.origin}/api/files/a.bin`, { method: 'PUT', headers, body: picture })
      const sent = { body: (await answer.json()) as { res: { asset: AssetAnswer } } }
      expect(answer.status, type).to.equal(201)
      expect(sent.body.res.asset, type).to.include({ media: 'image' })
      expect(sent.body.res.asset.files[0]?.sha256).to.equal(sha256(picture).toString('hex'))
    }
    const { body } = await put('scene.gltf', '{"asset":{"version":"2.0"}}', {
      'Content-Type': 'model/gltf+json',
    }).expect(201)
    expect(body.res.asset.media).to.equal('model')
  })

  it('PUT /api/files/:filename – names → decoded and cleaned as in multipart', async () => {
    const NAMES: [path: string, name: string][] = [
      ['a%20b%2Bc+d.obj', 'a b+c+d.obj'],
      ['St%C3%BChl%20%E2%9C%93.obj', 'Stühl ✓.obj'],
      ['u%CC%88.obj', 'ü.obj'],
      ['textures%2Foak.obj', 'oak.obj'],
      ['C%3A%5Ctextures%5Coak.obj', 'oak.obj'],
      ['100%25.obj', '100%.obj'],
      ['a%3Fb%23c.obj', 'a?b#c.obj'],
      ['a%22b%27%3Cc%3E.obj', 'a"b\'<c>.obj'],
      ['a%00%0D%0Ab.obj', 'ab.obj'],
      ['%E2%80%AEabc.obj', 'abc.obj'],
      ['%2F', 'file'],
      ['...', '...'],
      ['%20', 'file'],
      [`${'x'.repeat(300)}.obj`, `${'x'.repeat(251)}.obj`],
    ]
    for (const [path, name] of NAMES) {
      const { body, status } = await put(path)
      expect([status, body.res?.asset.files[0].name], path).to.deep.equal([201, name])
    }
  })

  it('PUT /api/files/:filename – undecodable, missing or nested names → 400, 404, nothing changes', async () => {
    for (const path of ['%', 'a%2', 'a%zz.obj', '%FF.obj', 'a%C3.obj', '%ED%A0%80.obj'])
      await assertRefused(() => put(path), [400, 'validation_failed'])
    for (const path of ['/api/files', '/api/files/', '/api/files/?name=x']) {
      await assertRefused(() => ada.put(path).send('x'), [400, 'validation_failed'])
      const { body } = await ada.put(path).send('x')
      expect(body.err.details[0]).to.include({ field: 'filename' })
      expect(body.err.details[0].message).to.include('PUT /api/files/chair.glb')
    }
    await assertRefused(() => put('textures/oak.obj'), [404, 'not_found'])
    await assertRefused(() => app.api.put('/api/files/').send('x'), [401, 'unauthenticated'])
    await assertRefused(() => app.api.put('/api/files/%FF').send('x'), [401, 'unauthenticated'])
    await assertRefused(() => ada.get('/api/files/chair.obj'), [405, 'method_not_allowed'])
    await assertRefused(() => ada.post('/api/files/chair.obj').send({}), [405, 'method_not_allowed'])
  })

  it('PUT /api/files/:filename – Content-Length: 0, no body, an empty chunked body → an empty file', async () => {
    const empty = sha256(Buffer.alloc(0)).toString('hex')
    const { body } = await put('empty.bin', '', { 'Content-Length': '0' }).expect(201)
    expect(body.res.asset.files[0]).to.include({ size: 0, sha256: empty })
    const { answer, end } = await sendText(['PUT /api/files/none.bin HTTP/1.1'])
    await eventually(() => expect(answer()).to.match(/^HTTP\/1.1 201 [\s\S]*"size":0/))
    end()
    const chunked = await sendChunks('/api/files/chunked.bin', [])
    expect(chunked.body.res.asset.files[0]).to.include({ size: 0, sha256: empty })
  })

  it('PUT /api/files/:filename – chunked body → 201 with all bytes', async () => {
    const chunks = [1, 70_000, 400_000].map((size) => Buffer.alloc(size, size % 251))
    const { status, body } = await sendChunks('/api/files/-', chunks)
    expect(status).to.equal(201)
    const whole = Buffer.concat(chunks)
    expect(body.res.asset.files[0]).to.include({ size: whole.length, sha256: sha256(whole).toString('hex') })
  })

  it('PUT /api/files/:filename – invalid query, form, coding or range → refused, nothing changes', async () => {
    const REFUSED: [path: string, headers: Record<string, string>, status: number, code: string][] = [
      ['a.obj?unknown=1', {}, 400, 'validation_failed'],
      ['a.obj?visibility=secret&type=4D', {}, 400, 'validation_failed'],
      ['a.obj?name=x&name=y', {}, 400, 'validation_failed'],
      [`a.obj?name=${'x'.repeat(201)}`, {}, 400, 'validation_failed'],
      ['a.obj', { 'Content-Type': 'multipart/form-data; boundary=x' }, 415, 'unsupported_media'],
      ['a.obj', { 'Content-Encoding': 'gzip' }, 415, 'unsupported_media'],
      ['a.obj', { 'If-Match': '*' }, 412, 'version_conflict'],
      ['a.obj', { 'If-Match': '"1-abc"' }, 412, 'version_conflict'],
      ['a.obj', { 'Content-Range': 'bytes 0-0/2' }, 400, 'validation_failed'],
    ]
    for (const [path, headers, ...expected] of REFUSED)
      await assertRefused(() => put(path, obj(), headers), expected)
    const coded = () => sendChunks('/api/files/a.obj', [obj()], { 'Transfer-Encoding': 'gzip, chunked' })
    await assertRefused(coded, [415, 'unsupported_media'])
    const { body } = await put('a.obj', 'x', { 'Content-Type': 'multipart/form-data; boundary=x' })
    expect(body.err.message).to.include('POST /api/assets')
  })

  it('PUT /api/files/:filename – file over MAX_FILE_BYTES → 413, announced or not, nothing changes', async () => {
    await put('a.bin', Buffer.alloc(MAX_FILE)).expect(201)
    const large = Buffer.alloc(MAX_FILE + 1)
    await assertRefused(() => put('a.bin', large), [413, 'too_large'])
    await assertRefused(() => sendChunks('/api/files/a.bin', [large]), [413, 'too_large'])
  })

  it('PUT /api/files/:filename – quota → 507 for one byte too much, announced or not; 201 for the exact rest', async () => {
    const bob = await signUp(app, 'bob')
    await User.updateOne({ _id: bob.user._id }, { 'space.limit': 100_000 })
    const send = (size: number) => bob.put('/api/files/a.bin').send(Buffer.alloc(size))
    await assertRefused(() => send(100_001), [507, 'space_exceeded'])
    const chunks = () =>
      sendChunks('/api/files/a.bin', [Buffer.alloc(100_001)], { Authorization: `Bearer ${bob.token}` })
    await assertRefused(chunks, [507, 'space_exceeded'])
    await send(100_000).expect(201)
  })

  it('PUT /api/files/:filename – Expect: 100-continue → continues an accepted body, refuses another before it', async () => {
    const expecting = (length: number, path = 'a.bin') => [
      `PUT /api/files/${path} HTTP/1.1`,
      `Content-Length: ${length}`,
      'Expect: 100-continue',
    ]
    const accepted = await sendText(expecting(3))
    await eventually(() => expect(accepted.answer()).to.match(/^HTTP\/1.1 100 Continue/))
    accepted.end()
    const REFUSED: [head: string[], status: number][] = [
      [expecting(MAX_FILE + 1), 413],
      [expecting(1, 'a.bin?x=1'), 400],
      [expecting(1, ''), 400],
      [[...expecting(1), 'Content-Type: multipart/form-data; boundary=x'], 415],
      [[...expecting(1), 'Content-Digest: sha-256=:AAAA:'], 400],
    ]
    for (const [head, status] of REFUSED) {
      const refused = await sendText(head)
      await eventually(() => expect(refused.answer()).to.match(new RegExp(`^HTTP/1.1 ${status} `)))
      expect(refused.answer()).not.to.include('100 Continue')
      refused.end()
    }
    await eventually(async () => expect(await runningUploads()).to.deep.equal([]))
  })

  it('PUT /api/files/:filename – client disconnects, length known or not → nothing is left', async () => {
    const before = await stateOf(app)
    for (const framing of [
      'Content-Length: 100000',
      'Content-Length: 1000000',
      'Transfer-Encoding: chunked',
    ]) {
      const { end } = await sendText(['PUT /api/files/a.bin HTTP/1.1', framing], '4\r\nabcd\r\n')
      await eventually(async () => expect(await runningUploads()).to.have.length(1))
      end()
      await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))
    }
  })

  it('PUT /api/files/:filename – Content-Digest → 201 if it matches, 400 if not, nothing is left', async () => {
    const small = obj()
    const large = Buffer.alloc(1_000_000, 7)
    for (const bytes of [small, large, Buffer.alloc(0)]) {
      const digest = digestOf(bytes)
      await put('a.bin', bytes, { 'Content-Digest': digest }).expect(201)
      const others = `md5=:AAAA:, ${digest}, sha-512=:AAAA:;x=1`
      await put('a.bin', bytes, { 'Content-Digest': others }).expect(201)
      const wrong = { 'Content-Digest': digestOf(Buffer.from('other')) }
      await assertRefused(() => put('a.bin', bytes, wrong), [400, 'checksum_mismatch'])
      const chunked = () => sendChunks('/api/files/a.bin', [bytes], wrong)
      await assertRefused(chunked, [400, 'checksum_mismatch'])
    }
  })

  it('PUT /api/files/:filename – sha-256 of a wrong form → 400; other algorithms → ignored', async () => {
    const base64 = sha256(obj()).toString('base64')
    const MALFORMED = [
      ...[`sha-256=${base64}`, `sha-256="${base64}"`, 'sha-256', 'sha-256=:AAAA:', 'sha-256=::', 'sha-256=1'],
      ...[
        `sha-256=:${base64}`,
        `SHA-256=:${base64}:`,
        `sha-256=(:${base64}:)`,
        `md5=:AA==:, sha-256=:${base64}:,`,
      ],
    ]
    for (const header of MALFORMED)
      await assertRefused(() => put('a.obj', obj(), { 'Content-Digest': header }), [400, 'validation_failed'])
    for (const header of ['sha-512=:AAAA:', 'md5=:AAAA:, x=1', 'unixsum=?1'])
      await put('a.obj', obj(), { 'Content-Digest': header }).expect(201)
  })
})
