import { expect } from 'chai'
import { sweep } from '../../app/maintenance/sweep.ts'
import { Asset } from '../../models/asset.ts'
import { IdempotencyKey, KEY_MS, KEYS_MAX } from '../../models/idempotency-key.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import type { AssetAnswer } from '../support/app/assets.ts'
import { beginUpload } from '../support/app/raw-upload.ts'
import { stateOf } from '../support/app/state.ts'
import { PASSWORD, signIn, signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

interface Answer {
  status: number
  location: string | null
  etag: string | null
  retryAfter: string | null
  text: string
  code: string | undefined
  asset: AssetAnswer
}

interface Upload {
  fields?: [name: string, value: string][]
  files?: [field: string, name: string, content: Buffer][]
  boundary?: string
  path?: string
  method?: string
  by?: TestUser
}

/** Encodes a multipart body: first the fields, then the files, unless the boundary begins with `-`. */
function encode({ fields = [], files = [], boundary = 'b' }: Upload): Buffer {
  const part = (head: string, content: Buffer | string) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]
  const first = fields.flatMap(([name, value]) => part(`name="${name}"`, value))
  const second = files.flatMap(([field, name, content]) =>
    part(`name="${field}"; filename="${name}"`, content),
  )
  const parts = boundary.startsWith('-') ? [...second, ...first] : [...first, ...second]
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
}

describe('Idempotency-Key', () => {
  let app: TestApp
  let ada: TestUser
  let other: string
  let picture: Buffer
  let last = 0
  const newKey = () => `key-${++last}`

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    other = await app.secondInstanceOrigin()
    picture = await png()
  })
  after(() => app.stop())

  async function request(origin: string, path: string, init: RequestInit): Promise<Answer> {
    const answer = await fetch(`${origin}${path}`, init)
    const text = await answer.text()
    const { err, res } = JSON.parse(text)
    const { status, headers } = answer
    return {
      ...{ status, text, code: err?.code, asset: res?.asset },
      ...{
        location: headers.get('Location'),
        etag: headers.get('ETag'),
        retryAfter: headers.get('Retry-After'),
      },
    }
  }

  const headersOf = (key: string, { token }: TestUser = ada) => ({
    Authorization: `Bearer ${token}`,
    'Idempotency-Key': key,
  })

  const FILES: Upload['files'] = [['files', 'chair.bin', Buffer.from('abc')]]
  const sendForm = (key: string, upload: Upload = {}, origin = app.origin) => {
    const { boundary = 'b', path = '/api/assets', method = 'POST', by, files = FILES } = upload
    const type = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }
    const body = encode({ ...upload, files })
    return request(origin, path, { method, headers: { ...headersOf(key, by), ...type }, body })
  }
  const sendBytes = (
    key: string,
    content: Buffer | ReadableStream = Buffer.from('abc'),
    path = 'chair.bin',
  ) =>
    request(app.origin, `/api/files/${path}`, {
      method: 'PUT',
      headers: headersOf(key),
      body: content,
      duplex: 'half',
    } as RequestInit)

  const expectSame = (again: Answer, first: Answer) => {
    expect(again.status, again.text).to.equal(201)
    expect(again).to.deep.equal(first)
  }

  it('POST /api/assets – repeat with another boundary and order of fields → the first answer, one asset', async () => {
    const key = newKey()
    const fields: Upload['fields'] = [
      ['name', 'Oak chair'],
      ['tags', 'wood'],
      ['tags', 'oak'],
      ['visibility', 'public'],
    ]
    const files: Upload['files'] = [
      ['files', 'chair.bin', Buffer.alloc(300_000, 1)],
      ['images', 'a.png', picture],
    ]
    const first = await sendForm(key, { fields, files })
    expect(first.status, first.text).to.equal(201)
    const before = await stateOf(app)
    const reordered = [...fields.slice(1), ...fields.slice(0, 1)]
    expectSame(await sendForm(key, { fields, files }), first)
    expectSame(await sendForm(key, { fields: reordered, files, boundary: '-other' }, other), first)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('PUT /api/files/:filename – repeat, length known or not → the first answer, one asset', async () => {
    const key = newKey()
    const first = await sendBytes(key, undefined, 'a%20b.bin?tags=oak')
    expect(first.status, first.text).to.equal(201)
    const before = await stateOf(app)
    expectSame(await sendBytes(key, undefined, 'a%20b.bin?tags=oak'), first)
    const stream = new Blob([Buffer.from('abc')]).stream()
    expectSame(await sendBytes(key, stream, 'a%20b.bin?tags=oak'), first)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('POST /api/assets – asset changed, then deleted → the first answer', async () => {
    const key = newKey()
    const first = await sendForm(key)
    const { id } = first.asset
    await ada.patch(`/api/assets/${id}`).send({ name: 'Changed' }).expect(200)
    expectSame(await sendForm(key), first)
    await ada.delete(`/api/assets/${id}`).expect(204)
    expectSame(await sendForm(key), first)
    await ada.get(`/api/assets/${id}`).expect(404)
  })

  it('POST /api/assets – answer too long to store → made from the asset as it is; 404 when it is deleted', async () => {
    const key = newKey()
    const fields: Upload['fields'] = [['description', 'ö'.repeat(5000)]]
    const files = Array.from({ length: 20 }, (_, n) => {
      const name = `${'ä'.repeat(110)}-${n}.bin`
      return ['files', name, Buffer.from(String(n))] satisfies NonNullable<Upload['files']>[number]
    })
    const first = await sendForm(key, { fields, files })
    expect(first.status, first.text).to.equal(201)
    const { answer } = await IdempotencyKey.findById(`${ada.user._id}:${key}`).orFail().lean()
    expect(answer).to.equal('')
    const before = await stateOf(app)
    expectSame(await sendForm(key, { fields, files }), first)
    expect((await sendForm(key, { files })).status).to.equal(409)
    expect(await stateOf(app)).to.deep.equal(before)
    await ada.patch(`/api/assets/${first.asset.id}`).send({ name: 'Changed' }).expect(200)
    expect((await sendForm(key, { fields, files })).asset).to.include({ id: first.asset.id, name: 'Changed' })
    await ada.delete(`/api/assets/${first.asset.id}`).expect(204)
    expect(await sendForm(key, { fields, files })).to.include({ status: 404, code: 'not_found' })
    expect((await sendForm(key, { files })).status).to.equal(409)
  })

  it('POST /api/assets – repeat when no space is free → the first answer', async () => {
    const eve = await signUp(app, 'eve')
    const key = newKey()
    const files: Upload['files'] = [['files', 'a.bin', Buffer.alloc(200_000)]]
    const first = await sendForm(key, { by: eve, files })
    await User.updateOne({ _id: eve.user._id }, { 'space.limit': 200_000 })
    expectSame(await sendForm(key, { by: eve, files }), first)
  })

  it('Idempotency-Key – key of another request, method, path, query, fields, file names or lengths differ → 409', async () => {
    const fields: Upload['fields'] = [['name', 'Chair']]
    const key = newKey()
    await sendForm(key, { fields })
    const bytesKey = newKey()
    await sendBytes(bytesKey)
    const before = await stateOf(app)
    const abc = Buffer.from('abc')
    const OTHERS: [name: string, send: () => Promise<Answer>][] = [
      ['another field', () => sendForm(key, { fields: [['name', 'Stool']] })],
      ['a field less', () => sendForm(key)],
      ['a field more', () => sendForm(key, { fields: [...fields, ['description', 'x']] })],
      ['another file name', () => sendForm(key, { fields, files: [['files', 'stool.bin', abc]] })],
      ['another length', () => sendForm(key, { fields, files: [['files', 'chair.bin', Buffer.from('ab')]] })],
      ['another field of the file', () => sendForm(key, { fields, files: [['images', 'chair.bin', abc]] })],
      ['a file more', () => sendForm(key, { fields, files: [...FILES, ...FILES] })],
      ['no file', () => sendForm(key, { fields, files: [] })],
      ['another route', () => sendBytes(key)],
      ['another path', () => sendBytes(bytesKey, abc, 'stool.bin')],
      ['another query', () => sendBytes(bytesKey, abc, 'chair.bin?name=x')],
      ['more bytes', () => sendBytes(bytesKey, Buffer.from('abcd'))],
      ['more bytes of unknown length', () => sendBytes(bytesKey, new Blob(['abcd']).stream())],
    ]
    for (const [name, send] of OTHERS) {
      const { status, code } = await send()
      expect([status, code], name).to.deep.equal([409, 'conflict'])
    }
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('Idempotency-Key – key of another user → an asset of its own', async () => {
    const bob = await signUp(app, 'bob')
    const key = newKey()
    const [first, second] = [await sendForm(key), await sendForm(key, { by: bob })]
    expect([first.status, second.status]).to.deep.equal([201, 201])
    expect(second.asset.id).not.to.equal(first.asset.id)
  })

  it('Idempotency-Key – first request still runs, repeat on any process → 409 with Retry-After before its body', async () => {
    const key = newKey()
    const [path, length] = ['/api/files/a.bin', 10]
    const client = { origin: app.origin, token: ada.token }
    const headers = { 'Idempotency-Key': key }
    const { sending, answer } = beginUpload(client, { method: 'PUT', path, length, field: null, headers })
    sending.write('12345')
    await eventually(async () => expect(await IdempotencyKey.countDocuments({ answer: null })).to.equal(1))
    for (const origin of [app.origin, other]) {
      // the body never ends
      const repeat = beginUpload({ ...client, origin }, { method: 'PUT', path, length, field: null, headers })
      repeat.sending.write('1')
      expect(await repeat.answer).to.include({ status: 409, code: 'conflict' })
      repeat.sending.destroy()
    }
    const form = await sendForm(key)
    expect([form.status, Number(form.retryAfter) > 0]).to.deep.equal([409, true])
    sending.end('67890')
    const first = await answer
    expect(first.status).to.equal(201)
    const again = await request(app.origin, path, {
      method: 'PUT',
      headers: headersOf(key),
      body: Buffer.alloc(10),
    })
    expect(again.asset).to.deep.equal(first.res?.asset)
  })

  it('Idempotency-Key – first request fails or breaks off → the key is free at once', async () => {
    const key = newKey()
    expect((await sendForm(key, { fields: [['unknown', 'x']] })).status).to.equal(400)
    expect((await sendForm(key, { fields: [['visibility', 'secret']] })).status).to.equal(400)
    expect((await sendForm(key, { files: [] })).status).to.equal(400)
    expect((await sendBytes(key, undefined, 'a.bin?unknown=1')).status).to.equal(400)
    const client = { origin: app.origin, token: ada.token }
    const { sending } = beginUpload(client, { headers: { 'Idempotency-Key': key }, length: 1000 })
    sending.write('--')
    await eventually(async () => expect(await IdempotencyKey.countDocuments({ answer: null })).to.equal(1))
    sending.destroy()
    await eventually(async () => expect((await sendBytes(key)).status).to.equal(201))
    expect(await IdempotencyKey.countDocuments({ answer: null })).to.equal(0)
  })

  it('Idempotency-Key – first request died before its commit → 409 until it is stale, then the key is free', async () => {
    const key = newKey()
    const { asset } = await sendBytes(key)
    const _id = `${ada.user._id}:${key}`
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
    await IdempotencyKey.updateOne({ _id }, { answer: null, heartbeatAt: new Date() })
    expect((await sendBytes(key)).status).to.equal(409)
    await IdempotencyKey.updateOne({ _id }, { heartbeatAt: new Date(0) })
    const second = await sendBytes(key, Buffer.from('other bytes'), 'other.bin')
    expect([second.status, second.asset.files[0]?.name]).to.deep.equal([201, 'other.bin'])
    expect(second.asset.id).not.to.equal(asset.id)
    expectSame(await sendBytes(key, Buffer.from('other bytes'), 'other.bin'), second)
  })

  it('Idempotency-Key – first request died after its commit → its asset is answered, another request is 409', async () => {
    const key = newKey()
    const first = await sendForm(key)
    await IdempotencyKey.updateOne(
      { _id: `${ada.user._id}:${key}` },
      { answer: null, heartbeatAt: new Date(0) },
    )
    const assets = await Asset.countDocuments()
    expect((await sendBytes(key)).status).to.equal(409)
    expectSame(await sendForm(key), first)
    expectSame(await sendForm(key), first)
    expect(await Asset.countDocuments()).to.equal(assets)
  })

  it('Idempotency-Key – 20 concurrent requests on two processes → one asset, each answer is the first one or 409', async () => {
    const key = newKey()
    const assets = await Asset.countDocuments({ state: 'ready' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        sendForm(key, { fields: [['name', key]] }, n % 2 ? other : app.origin),
      ),
    )
    const created = answers.filter(({ status }) => status === 201)
    expect(created).not.to.have.length(0)
    expect(answers.filter(({ status }) => status === 409)).to.have.length(20 - created.length)
    expect(new Set(created.map(({ text }) => text)).size).to.equal(1)
    expect(await Asset.countDocuments({ state: 'ready' })).to.equal(assets + 1)
  })

  it('Idempotency-Key – a dead first request, concurrent requests → one takes the key over', async () => {
    const key = newKey()
    const { asset } = await sendForm(key)
    await ada.delete(`/api/assets/${asset.id}`).expect(204)
    const dead = { answer: null, heartbeatAt: new Date(0) }
    await IdempotencyKey.updateOne({ _id: `${ada.user._id}:${key}` }, dead)
    const assets = await Asset.countDocuments({ state: 'ready' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => sendForm(key, {}, n % 2 ? other : app.origin)),
    )
    expect(answers.map(({ status }) => status)).to.include(201)
    expect(await Asset.countDocuments({ state: 'ready' })).to.equal(assets + 1)
  })

  it('Idempotency-Key – key of a wrong form → 400, nothing changes', async () => {
    const before = await stateOf(app)
    for (const key of ['', 'a b', 'x'.repeat(129), 'é', 'a, b']) {
      const { status, code } = await sendForm(key)
      expect([status, code], key).to.deep.equal([400, 'validation_failed'])
      expect((await sendBytes(key)).status, key).to.equal(400)
    }
    expect(await stateOf(app)).to.deep.equal(before)
    expect((await sendForm('~'.repeat(128))).status).to.equal(201)
    expect((await sendForm('"b1b7a0c4"')).status).to.equal(201)
  })

  it('PUT /api/assets/:id/files – a key → ignored', async () => {
    const key = newKey()
    const { asset } = await sendForm(newKey())
    const path = `/api/assets/${asset.id}/files`
    for (const version of [2, 3])
      expect((await sendForm(key, { path, method: 'PUT' })).asset.version).to.equal(version)
  })

  it('Idempotency-Key – 24 hours later → the key is free', async () => {
    const key = newKey()
    const first = await sendForm(key)
    const old = newKey()
    await sendForm(old)
    app.clock.advance(KEY_MS + 1000)
    ada = await signIn(app, ada.user)
    const second = await sendForm(key)
    expect(second.status, second.text).to.equal(201)
    expect(second.asset.id).not.to.equal(first.asset.id)
    const stored = (one: string) => IdempotencyKey.exists({ _id: `${ada.user._id}:${one}` })
    await IdempotencyKey.collection.dropIndex('expiresAt_1')
    await sweep(app.context)
    expect([await stored(old), (await stored(key)) !== null]).to.deep.equal([null, true])
    expectSame(await sendForm(key), second)
  })

  it(`Idempotency-Key – ${KEYS_MAX} keys of one user → 429 for another key, a known one works`, async () => {
    const eva = await signUp(app, 'eva')
    const key = newKey()
    const first = await sendForm(key, { by: eva })
    const { _id: _, ...stored } = await IdempotencyKey.findById(`${eva.user._id}:${key}`).orFail().lean()
    const more = Array.from({ length: KEYS_MAX - 1 }, (_, n) => ({
      ...stored,
      _id: `${eva.user._id}:more-${n}`,
    }))
    await IdempotencyKey.insertMany(more, { lean: true })
    const { status, code } = await sendForm(newKey(), { by: eva })
    expect([status, code]).to.deep.equal([429, 'too_many_requests'])
    expectSame(await sendForm(key, { by: eva }), first)
    expect((await sendForm(newKey())).status).to.equal(201)
  })

  it('DELETE /api/users/me – keys stored → the keys of the user are gone', async () => {
    const dan = await signUp(app, 'dan')
    await sendForm(newKey(), { by: dan })
    await dan.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
    expect(await IdempotencyKey.countDocuments({ user: dan.user._id })).to.equal(0)
  })
})
