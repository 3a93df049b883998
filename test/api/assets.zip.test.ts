import { expect } from 'chai'
import { Types } from 'mongoose'
import { checksumsOf } from '../../app/assets/checksums.ts'
import { Asset } from '../../models/asset.ts'
import { FileSet, readWhole, type Whole } from '../../models/file-set.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { unzip } from '../support/data/zip.ts'
import { eventually } from '../support/eventually.ts'

const FILES = {
  'a.txt': Buffer.from('oak chair'),
  'b.txt': Buffer.from('beech chair'),
  'c.txt': Buffer.alloc(70_000, 7),
}

describe('GET /api/assets/:id/download, several files', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  let url: string
  let zip: Buffer
  let etag: string
  const stored = () => Asset.findById(asset.id, { termsDue: 0 }).orFail().lean()
  const get = (headers: Record<string, string> = {}) => app.api.get(url).set(headers).responseType('blob')
  /** Returns the keys of the objects that are opened while `work` runs. */
  async function opened(work: () => PromiseLike<unknown>): Promise<string[]> {
    const keys: string[] = []
    const { open } = app.store
    app.store.open = (key, ...rest) => {
      keys.push(key)
      return open.call(app.store, key, ...rest)
    }
    try {
      await work()
    } finally {
      app.store.open = open
    }
    return keys
  }
  const withoutChecksums = () =>
    Asset.collection.updateOne(
      { name: 'Chairs' },
      { $unset: { 'files.0.crc32': 1, 'files.1.crc32': 1, 'files.2.crc32': 1 } },
    )

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, { visibility: 'public', name: 'Chairs' }, FILES)
    url = `/api/assets/${asset.id}/download`
    const { body, headers } = await get().expect(200)
    zip = body
    etag = String(headers.etag)
  })
  beforeEach(() => Asset.updateOne({ _id: asset.id }, { downloads: 0 }))
  after(() => app.stop())

  it('GET /api/assets/:id/download – several files → a zip with length, ranges, strong ETag and time', async () => {
    const { headers } = await get().expect(200)
    expect(headers).to.include({
      'content-length': String(zip.length),
      'content-type': 'application/zip',
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="Chairs.zip"',
      'content-security-policy': "sandbox; default-src 'none'",
      'last-modified': (await stored()).updatedAt.toUTCString(),
    })
    expect(headers).to.not.have.property('transfer-encoding')
    expect(etag).to.match(/^"[0-9a-f]{64}"$/)
    expect(await unzip(zip)).to.deep.equal(new Map(Object.entries(FILES)))
    expect((await stored()).downloads).to.equal(1)
  })

  it('GET asset, /download – files in the document or in a set, also of an earlier release → in the order of names', async () => {
    for (const count of [3, 23]) {
      const sent = Array.from({ length: count }, (_, n) => `Part ${count - n}.txt`)
      const files = Object.fromEntries(sent.map((name) => [name, Buffer.from(name)]))
      const { id } = await uploadAsset(ada, { visibility: 'public' }, files)
      const inOrder = [...sent].reverse()
      const read = async () => {
        const { body } = await app.api.get(`/api/assets/${id}`).expect(200)
        const download = await app.api.get(`/api/assets/${id}/download`).responseType('blob').expect(200)
        expect(body.res.asset.name).to.equal(sent[0])
        expect(body.res.asset.files.map(({ name }: { name: string }) => name)).to.deep.equal(inOrder)
        expect([...(await unzip(download.body)).keys()]).to.deep.equal(inOrder)
      }
      await read()
      const { body } = await ada.get('/api/assets?scope=mine&limit=1').expect(200)
      expect(body.res.assets[0].files.map(({ name }: { name: string }) => name)).to.deep.equal(
        inOrder.slice(0, 20),
      )
      const whole = await readWhole(() => Asset.byId(id))
      const received = whole?.allFiles.toReversed() ?? []
      if (count > 20) await FileSet.updateOne({ asset: id }, { files: received })
      else await Asset.updateOne({ _id: id }, { files: received })
      await read()
    }
  })

  it('HEAD /api/assets/:id/download – with and without Range → 200, the length, no object read, not counted', async () => {
    const keys = await opened(async () => {
      for (const headers of [{}, { Range: 'bytes=5-9' }]) {
        const head = await app.api.head(url).set(headers).expect(200)
        expect(head.headers).to.include({ 'content-length': String(zip.length), etag })
        expect(head.headers).to.not.have.property('content-range')
      }
    })
    expect(keys).to.deep.equal([])
    expect((await stored()).downloads).to.equal(0)
  })

  for (const [what, range, start, end, objects, counted] of [
    ['the first byte', 'bytes=0-0', 0, 1, 0, 1],
    ['a part of the second file', 'bytes=80-82', 80, 83, 1, 0],
    ['from the middle of the third file', 'bytes=40000-', 40_000, undefined, 1, 0],
    ['the end', 'bytes=-22', -22, undefined, 0, 0],
    ['a suffix longer than the zip', 'bytes=-900000', 0, undefined, 3, 1],
  ] as const)
    it(`GET /api/assets/:id/download – Range ${what} → 206 from ${objects} objects, counted ${counted} times`, async () => {
      const keys = await opened(async () => {
        const { body, headers } = await get({ Range: range }).expect(206)
        const expected = zip.subarray(start, end)
        expect(body.equals(expected)).to.equal(true)
        const first = (start + zip.length) % zip.length
        expect(headers['content-range']).to.equal(
          `bytes ${first}-${first + expected.length - 1}/${zip.length}`,
        )
        expect(headers.etag).to.equal(etag)
      })
      expect(keys).to.have.length(objects)
      expect((await stored()).downloads).to.equal(counted)
    })

  it('GET /api/assets/:id/download – conditions → as for a file', async () => {
    const modified = (await stored()).updatedAt.toUTCString()
    const range = { Range: 'bytes=5-9' }
    await get({ ...range, 'If-Range': etag }).expect(206)
    await get({ ...range, 'If-Range': modified }).expect(206)
    await get({ ...range, 'If-Range': `W/${etag}` }).expect(200)
    await get({ 'If-None-Match': etag }).expect(304)
    await get({ 'If-Modified-Since': modified }).expect(304)
    await get({ 'If-Match': etag }).expect(200)
    const { body } = await app.api.get(url).set('If-Match', '"other"').expect(412)
    expect(body.err.code).to.equal('version_conflict')
    await get({ Range: `bytes=${zip.length}-` }).expect(416)
    await app.api.get(`${url}?inline=1`).expect('Content-Disposition', /^attachment/)
  })

  it('PATCH asset, PUT files – zip before and after → the same bytes and ETag after PATCH, others after PUT', async () => {
    const other = await uploadAsset(ada, {}, FILES)
    const path = `/api/assets/${other.id}/download`
    const before = await ada.get(path).responseType('blob').expect(200)
    await ada.patch(`/api/assets/${other.id}`).send({ name: 'Стул' }).expect(200)
    const after = await ada.get(path).responseType('blob').expect(200)
    expect(after.body.equals(before.body)).to.equal(true)
    expect(after.headers.etag).to.equal(before.headers.etag)
    expect(after.headers['content-disposition']).to.equal(
      `attachment; filename="____.zip"; filename*=UTF-8''%D0%A1%D1%82%D1%83%D0%BB.zip`,
    )
    const request = ada.put(`/api/assets/${other.id}/files`)
    await request
      .attach('files', FILES['a.txt'], 'a.txt')
      .attach('files', FILES['b.txt'], 'c.txt')
      .expect(200)
    const replaced = await ada.get(path).expect(200)
    expect(replaced.headers.etag).to.not.equal(before.headers.etag)
  })

  it('GET /api/assets/:id/download – files of an earlier release → the same zip, checksums kept, version stays', async () => {
    const before = await stored()
    await withoutChecksums()
    const keys = await opened(() => app.api.head(url).expect(200))
    expect(keys).to.deep.equal([])
    const { body } = await get().expect(200)
    expect(body.equals(zip)).to.equal(true)
    const after = await stored()
    expect(after).to.deep.equal({ ...before, downloads: 1 })
    expect(await opened(() => get().expect(200))).to.have.length(3)
  })

  it('GET /api/assets/:id/download – files of an earlier release, 8 requests at the same time → each file read once for it', async () => {
    await withoutChecksums()
    const keys = await opened(() =>
      Promise.all(
        Array.from({ length: 8 }, async () => expect((await get()).body.equals(zip)).to.equal(true)),
      ),
    )
    expect(keys).to.have.length(3 + 8 * 3)
  })

  it('GET /api/assets/:id/download – client disconnects while an old file is read → its checksum is kept', async () => {
    await withoutChecksums()
    const { open } = app.store
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const begun = new Promise<void>((resolve) => {
      app.store.open = async (...given) => {
        resolve()
        await held
        return open.apply(app.store, given)
      }
    })
    try {
      const client = new AbortController()
      const answer = fetch(app.origin + url, { signal: client.signal }).catch(({ name }) => name)
      await begun
      client.abort()
      expect(await answer).to.equal('AbortError')
    } finally {
      app.store.open = open
      release()
    }
    await eventually(async () => {
      for (const { crc32 } of (await stored()).files) expect(crc32).to.be.a('number')
    })
    expect((await stored()).downloads).to.equal(0)
  })

  it('checksumsOf – files are read longer than a request waits → unavailable, then found', async () => {
    await withoutChecksums()
    const { open } = app.store
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    app.store.open = async (...given) => {
      await held
      return open.apply(app.store, given)
    }
    const whole = await readWhole(() => Asset.ready(new Types.ObjectId(asset.id)))
    const client = { address: '192.0.2.1', userAgent: undefined }
    const read = (waitMs: number) => checksumsOf(app.context, whole as Whole, null, client, waitMs)
    try {
      const error = await read(50).catch((thrown) => thrown)
      expect(error).to.include({ status: 503, code: 'unavailable' })
      expect(error.headers).to.include({ 'Retry-After': '5' })
    } finally {
      app.store.open = open
      release()
    }
    expect((await read(20_000)).size).to.equal(3)
    expect((await get().expect(200)).body.equals(zip)).to.equal(true)
  })

  it('GET /api/assets/:id/download – old file differs from its SHA-256 → 500, no checksum kept for it', async () => {
    const { files } = await stored()
    await withoutChecksums()
    const key = String(files[1]?.key)
    await app.store.remove([key])
    await app.store.put(key, Buffer.from('beech chaiR'))
    await get().expect(500)
    const after = (await stored()).files
    expect(after.map(({ crc32 }) => crc32 === undefined)).to.deep.equal([false, true, true])
    await app.store.remove([key])
    await app.store.put(key, FILES['b.txt'])
    expect((await get().expect(200)).body.equals(zip)).to.equal(true)
  })

  it('GET /api/assets/:id/download – first object missing → 500, not counted; a later one → connection closed', async () => {
    for (const [name, counted] of [
      ['a.txt', 0],
      ['c.txt', 1],
    ] as const) {
      await Asset.updateOne({ _id: asset.id }, { downloads: 0 })
      const key = String((await stored()).files.find((file) => file.name === name)?.key)
      await app.store.remove([key])
      const outcome = await fetch(app.origin + url).then(async (answer) =>
        answer.ok ? answer.arrayBuffer().then(String, () => 'closed') : answer.status,
      )
      expect(outcome).to.equal(counted ? 'closed' : 500)
      expect((await stored()).downloads).to.equal(counted)
      await app.store.put(key, FILES[name])
    }
    expect((await get().expect(200)).body.equals(zip)).to.equal(true)
  })
})
