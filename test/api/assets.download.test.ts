import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { html, htmlNamedPng, obj, png, svgWithScript } from '../support/data/samples.ts'
import { unzip } from '../support/data/zip.ts'
import { eventually } from '../support/eventually.ts'

const BYTES = Buffer.from('0123456789abcdefghij')

describe('GET /api/assets/:id/files/:fileId', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  let url: string
  const downloads = async (id = asset.id) => (await Asset.findById(id).orFail().lean()).downloads

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, { visibility: 'public' }, { 'naïve "chair".bin': BYTES })
    url = String(asset.files[0]?.url)
  })
  beforeEach(() => Asset.updateOne({ _id: asset.id }, { downloads: 0 }))
  after(() => app.stop())

  it('GET /api/assets/:id/files/:fileId – public asset, no token → bytes with headers that keep them from running', async () => {
    const { body, headers } = await app.api.get(url).responseType('blob').expect(200)
    expect(body.equals(BYTES)).to.equal(true)
    expect(headers).to.include({
      'content-length': '20',
      'accept-ranges': 'bytes',
      etag: `"${asset.files[0]?.sha256}"`,
      'cache-control': 'public, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    })
    expect(headers['content-disposition']).to.match(
      /^attachment; filename=".*"; filename\*=UTF-8''na%C3%AFve/,
    )
    expect(headers['last-modified']).to.be.a('string')
    expect(headers.vary).to.equal('Origin, Authorization, X-Link-Password')
    expect(await downloads()).to.equal(1)
  })

  const RANGES: [
    range: string,
    status: number,
    contentRange: string | undefined,
    bytes: string,
    counts: number,
  ][] = [
    ['bytes=0-0', 206, 'bytes 0-0/20', '0', 1],
    ['bytes=0-', 206, 'bytes 0-19/20', '0123456789abcdefghij', 1],
    ['bytes=5-9', 206, 'bytes 5-9/20', '56789', 0],
    ['bytes=15-', 206, 'bytes 15-19/20', 'fghij', 0],
    ['bytes=-3', 206, 'bytes 17-19/20', 'hij', 0],
    ['bytes=-20', 206, 'bytes 0-19/20', '0123456789abcdefghij', 1],
    ['bytes=-21', 206, 'bytes 0-19/20', '0123456789abcdefghij', 1],
    [`bytes=-${'9'.repeat(400)}`, 206, 'bytes 0-19/20', '0123456789abcdefghij', 1],
    ['Bytes=5-9', 206, 'bytes 5-9/20', '56789', 0],
    [`bytes=15-${'9'.repeat(400)}`, 206, 'bytes 15-19/20', 'fghij', 0],
    ['bytes=10-999', 206, 'bytes 10-19/20', 'abcdefghij', 0],
    ['bytes=0-1,5-6', 200, undefined, '0123456789abcdefghij', 1],
    ['bytes=0-0,-999', 200, undefined, '0123456789abcdefghij', 1],
    ['bytes=0-0,20-', 200, undefined, '0123456789abcdefghij', 1],
    ['bytes=9-5', 200, undefined, '0123456789abcdefghij', 1],
    ['bytes=-', 200, undefined, '0123456789abcdefghij', 1],
    ['lines=99-', 200, undefined, '0123456789abcdefghij', 1],
    ['lines=1-2', 200, undefined, '0123456789abcdefghij', 1],
    ['bytes=abc', 200, undefined, '0123456789abcdefghij', 1],
  ]
  for (const [range, status, contentRange, bytes, counts] of RANGES) {
    it(`GET /api/assets/:id/files/:fileId – Range: ${range.slice(0, 20)} → ${status}, counted ${counts} times`, async () => {
      const { body, headers } = await app.api.get(url).set('Range', range).responseType('blob').expect(status)
      expect(body.toString()).to.equal(bytes)
      expect(headers['content-range']).to.equal(contentRange)
      expect(headers['content-length']).to.equal(String(bytes.length))
      expect(await downloads()).to.equal(counts)
    })
  }

  for (const range of ['bytes=20-', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])
    it(`GET /api/assets/:id/files/:fileId – Range: ${range.slice(0, 20)} outside the file → 416, not counted`, async () => {
      const { body, headers } = await app.api.get(url).set('Range', range).expect(416)
      expect(headers['content-range']).to.equal('bytes */20')
      expect(body.err.code).to.equal('range_not_satisfiable')
      expect(await downloads()).to.equal(0)
    })

  it('GET /api/assets/:id/files/:fileId – empty file, suffix range → 200 without a byte', async () => {
    const empty = await uploadAsset(ada, {}, { 'empty.txt': Buffer.alloc(0) })
    const path = String(empty.files[0]?.url)
    await ada.get(path).set('Range', 'bytes=-5').expect(200).expect('Content-Length', '0')
  })

  it('GET /api/assets/:id/download – unsafe names in the database → a zip with clean names', async () => {
    const files = { 'a.txt': Buffer.from('a'), 'b.txt': Buffer.from('b'), 'c.txt': Buffer.from('c') }
    const { id } = await uploadAsset(ada, { visibility: 'public', name: '../up' }, files)
    const unsafe = ['../../etc/passwd', 'C:\\run\0.exe', '..']
    const set = Object.fromEntries(unsafe.map((name, at) => [`files.${at}.name`, name]))
    await Asset.updateOne({ _id: id }, { $set: set })
    const { body, headers } = await app.api.get(`/api/assets/${id}/download`).responseType('blob').expect(200)
    expect([...(await unzip(body)).keys()]).to.have.members(['passwd', 'run.exe', 'file'])
    expect(headers['content-disposition']).to.equal('attachment; filename=".._up.zip"')
  })

  it('GET /api/assets/:id/download – equal names of 255 bytes → a zip with different names of 255 bytes', async () => {
    const { id } = await uploadAsset(ada, {}, { 'a.txt': Buffer.from('a'), 'b.txt': Buffer.from('b') })
    const name = `${'n'.repeat(251)}.txt`
    await Asset.updateOne({ _id: id }, { $set: { 'files.0.name': name, 'files.1.name': name } })
    const { body } = await ada.get(`/api/assets/${id}/download`).responseType('blob').expect(200)
    expect([...(await unzip(body)).keys()]).to.deep.equal([name, `${'n'.repeat(247)} (2).txt`])
  })

  it('GET /api/assets/:id/files/:fileId – JavaScript under any name → text/plain, stored type stays', async () => {
    const bytes = Buffer.from('alert(1)\n')
    for (const name of ['run.js', 'run.mjs']) {
      const script = await uploadAsset(ada, { visibility: 'public' }, { [name]: bytes })
      expect(script.files[0]).to.include({ mediaType: 'text/javascript' })
      for (const path of [String(script.files[0]?.url), `/api/assets/${script.id}/download`]) {
        const { headers } = await app.api.get(`${path}?inline=1`).expect(200)
        expect(headers['content-type']).to.equal('text/plain')
        expect(headers['x-content-type-options']).to.equal('nosniff')
      }
    }
  })

  it('GET /api/assets/:id/files/:fileId – If-Range does not match → 200 with the whole file', async () => {
    const etag = `"${asset.files[0]?.sha256}"`
    await app.api.get(url).set({ Range: 'bytes=1-2', 'If-Range': etag }).expect(206)
    await app.api.get(url).set({ Range: 'bytes=1-2', 'If-Range': '"another"' }).expect(200)
    await app.api
      .get(url)
      .set({ Range: 'bytes=1-2', 'If-Range': new Date(0).toUTCString() })
      .expect(200)
  })

  it('GET and HEAD /api/assets/:id/files/:fileId – If-None-Match or HEAD → no body, not counted', async () => {
    const etag = `"${asset.files[0]?.sha256}"`
    const unchanged = await app.api.get(url).set('If-None-Match', etag).expect(304)
    expect(unchanged.headers.etag).to.equal(etag)
    const head = await app.api.head(url).expect(200)
    expect(head.headers['content-length']).to.equal('20')
    expect(await downloads()).to.equal(0)
  })

  it('HEAD /api/assets/:id/files/:fileId – Range → ignored, length of the whole file', async () => {
    for (const range of ['bytes=5-9', 'bytes=99-']) {
      const { headers } = await app.api.head(url).set('Range', range).expect(200)
      expect(headers).to.include({ 'content-length': '20', 'accept-ranges': 'bytes' })
      expect(headers).to.not.have.property('content-range')
    }
  })

  it('GET and HEAD /api/assets/:id/files/:fileId – If-Match, If-Unmodified-Since → 412 unless the file is the same', async () => {
    const etag = `"${asset.files[0]?.sha256}"`
    const { updatedAt } = await Asset.findById(asset.id).orFail().lean()
    const at = (ms: number) => new Date(updatedAt.getTime() + ms).toUTCString()
    const rows: [headers: Record<string, string>, status: number][] = [
      [{ 'If-Match': etag }, 200],
      [{ 'If-Match': '*' }, 200],
      [{ 'If-Match': `"a", ${etag}` }, 200],
      [{ 'If-Match': `W/${etag}` }, 412],
      [{ 'If-Match': '"other"' }, 412],
      [{ 'If-Match': '"other"', 'If-None-Match': etag }, 412],
      [{ 'If-Match': etag, 'If-None-Match': etag }, 304],
      [{ 'If-Match': etag, 'If-Unmodified-Since': at(-5000) }, 200],
      [{ 'If-Match': etag, Range: 'bytes=1-2' }, 206],
      [{ 'If-Match': '"other"', Range: 'bytes=1-2', 'If-Range': etag }, 412],
      [{ 'If-Unmodified-Since': at(0) }, 200],
      [{ 'If-Unmodified-Since': at(-1000) }, 412],
      [{ 'If-Unmodified-Since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 412],
      [{ 'If-Unmodified-Since': 'Sun Nov  6 08:49:37 1994' }, 412],
      [{ 'If-Unmodified-Since': '1994-11-06' }, 200],
      [{ 'If-Unmodified-Since': 'yesterday' }, 200],
    ]
    for (const [headers, status] of rows) {
      await app.api.get(url).set(headers).expect(status)
      await app.api
        .head(url)
        .set(headers)
        .expect(status === 206 ? 200 : status)
    }
    expect(await downloads()).to.equal(rows.filter(([{ Range }, status]) => status === 200 && !Range).length)
  })

  it('GET /api/assets/:id/files/:fileId – inline=0, download=1 → attachment that counts', async () => {
    const picture = await uploadAsset(ada, {}, { 'a.png': await png() })
    const path = String(picture.files[0]?.url)
    for (const query of ['inline=0', 'download=1', 'inline=1&download=1', ''])
      await ada
        .get(`${path}?${query}`)
        .expect(200)
        .expect('Content-Disposition', 'attachment; filename="a.png"')
    for (const query of ['inline=1', 'inline=1&download=0'])
      await ada.get(`${path}?${query}`).expect(200).expect('Content-Disposition', 'inline; filename="a.png"')
    expect(await downloads(picture.id)).to.equal(4)
    await ada.get(`${path}?download=yes`).expect(400)
  })

  it('GET /api/assets/:id/files/:fileId – 200 concurrent downloads over two processes → all counted', async () => {
    const other = await app.secondInstance()
    const version = (await Asset.findById(asset.id).orFail().lean()).version
    await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 2 ? other : app.api).get(url).expect(200)))
    expect(await downloads()).to.equal(200)
    expect((await Asset.findById(asset.id).orFail().lean()).version).to.equal(version)
  })

  it('GET /api/assets/:id/… – private asset, other user → 404', async () => {
    const hidden = await uploadAsset(ada)
    const bob = await signUp(app, 'bob')
    const missing = await bob.get('/api/assets/0123456789abcdef01234567/download').expect(404)
    for (const path of [
      `/api/assets/${hidden.id}`,
      `/api/assets/${hidden.id}/download`,
      hidden.files[0]?.url,
    ]) {
      const { body } = await bob.get(String(path)).expect(404)
      expect({ ...body.err, requestId: '' }).to.deep.equal({ ...missing.body.err, requestId: '' })
      await app.api.get(String(path)).expect(404)
    }
    await ada.get(String(hidden.files[0]?.url)).expect(200).expect('Cache-Control', 'private, no-cache')
  })

  it('GET /api/assets/:id/files/:fileId?inline=1 – all types → inline only types that cannot run scripts, not counted', async () => {
    const mixed = await uploadAsset(
      ada,
      {},
      {
        'a.png': await png(),
        'b.svg': svgWithScript(),
        'c.html': html(),
        'd.png': htmlNamedPng(),
        'e.png.html': html(),
      },
    )
    const dispositions = await Promise.all(
      mixed.files.map(async (file) => {
        const { headers } = await ada.get(`${file.url}?inline=1`).expect(200)
        expect(headers['content-security-policy']).to.equal("sandbox; default-src 'none'")
        expect(headers['x-content-type-options']).to.equal('nosniff')
        return [headers['content-type'], String(headers['content-disposition']).split(';')[0]]
      }),
    )
    expect(dispositions).to.deep.equal([
      ['image/png', 'inline'],
      ['image/svg+xml', 'attachment'],
      ['text/html', 'attachment'],
      ['text/html', 'attachment'],
      ['text/html', 'attachment'],
    ])
    expect(await downloads(mixed.id)).to.equal(4)
  })

  it('GET /api/assets/:id/download – several files → a zip, equal names made different', async () => {
    const request = ada.post('/api/assets').field('name', 'Set')
    request
      .attach('files', BYTES, 'part.bin')
      .attach('files', obj(), 'part.bin')
      .attach('files', BYTES, 'стул.bin')
    const { body: created } = await request.expect(201)
    const path = `/api/assets/${created.res.asset.id}/download`
    const { body, headers } = await ada.get(path).responseType('blob').expect(200)
    expect(headers['content-type']).to.equal('application/zip')
    expect(headers['content-disposition']).to.equal('attachment; filename="Set.zip"')
    const entries = await unzip(body)
    expect([...entries.keys()]).to.deep.equal(['part.bin', 'part (2).bin', 'стул.bin'])
    expect(entries.get('part.bin')?.equals(BYTES)).to.equal(true)
    expect(entries.get('part (2).bin')?.equals(obj())).to.equal(true)
    expect(await downloads(created.res.asset.id)).to.equal(1)
    await ada.get(path).set('If-None-Match', String(headers.etag)).expect(304)
    await app.api.head(path).set('Authorization', `Bearer ${ada.token}`).expect(200)
  })

  it('GET /api/assets/:id/download – client closes midway → service continues', async () => {
    const big = await uploadAsset(ada, { visibility: 'public' }, { 'big.bin': Buffer.alloc(20_000_000, 7) })
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    socket.write(`GET /api/assets/${big.id}/download HTTP/1.1\r\nHost: a\r\n\r\n`)
    await once(socket, 'data')
    socket.destroy()
    await eventually(async () => expect(await downloads(big.id)).to.equal(1))
    await app.api.get(url).expect(200)
  })

  it('GET /api/assets/:id/files/:fileId – unknown file or query field → refused', async () => {
    await app.api.get(`/api/assets/${asset.id}/files/nothing`).expect(404)
    await app.api.get(`/api/assets/${'9'.repeat(300)}/download`).expect(404)
    await app.api.get('/api/assets/%00/download').expect(404)
    const { body } = await app.api.get(`${url}?inline=2`).expect(400)
    expect(body.err.details[0].field).to.equal('inline')
    await app.api.get(`${url}?key=1`).expect(400)
  })
})
