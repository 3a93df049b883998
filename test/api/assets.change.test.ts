import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { nameKeyOf } from '../../models/name-key.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { keysOf, stateOf, storedBytes } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { glb, obj, png } from '../support/data/samples.ts'

describe('changing an asset', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  const stored = (id: string) => Asset.findById(id, { termsDue: 0 }).orFail().lean()

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
  })
  after(() => app.stop())

  /** Checks that the sums of every account match the objects in the store. */
  const expectExactSpace = async () => {
    const used = await storedBytes(app)
    const assets = await Asset.find({ owner: ada.user._id }).lean()
    const files = assets.reduce((sum, asset) => sum + asset.files.length, 0)
    expect((await User.spaceOf(ada.user._id)) ?? {}).to.deep.include({
      used,
      files,
      reserved: 0,
      uploads: [],
    })
    expect((await Capacity.spaceOf(SERVER)) ?? {}).to.deep.include({ used, reserved: 0, uploads: [] })
  }

  describe('PATCH /api/assets/:id', () => {
    it('PATCH /api/assets/:id – some fields → those change, version increases, search finds the new values', async () => {
      const asset = await uploadAsset(ada, { description: 'kept' })
      const { body, headers } = await ada
        .patch(`/api/assets/${asset.id}`)
        .send({ name: 'Écritoire', tags: ['Desk', 'desk', ' oak '], type: '2D' })
        .expect(200)
      expect(body.res.asset).to.deep.include({
        name: 'Écritoire',
        description: 'kept',
        tags: ['desk', 'oak'],
        type: '2D',
        version: 2,
      })
      expect(headers.etag).to.match(/^"2-/)
      expect(await stored(asset.id)).to.deep.include({
        name: 'Écritoire',
        nameKey: nameKeyOf('Écritoire'),
        version: 2,
      })
      const found = await ada.get('/api/assets?q=ecritoire').expect(200)
      expect(found.body.res.assets.map(({ id }: AssetAnswer) => id)).to.deep.equal([asset.id])
    })

    it('PATCH /api/assets/:id – visibility public, then private → others can read it, then cannot, at once', async () => {
      const asset = await uploadAsset(ada)
      const url = `/api/assets/${asset.id}`
      await app.api.get(url).expect(404)
      await ada.patch(url).send({ visibility: 'public' }).expect(200)
      const { body } = await app.api.get(url).expect(200)
      expect(body.res.asset).to.include({ access: 'read', owner: null })
      await ada.patch(url).send({ visibility: 'private' }).expect(200)
      const other = await app.secondInstance()
      await other.get(url).expect(404)
      await other.get(String(asset.files[0]?.url)).expect(404)
    })

    const FORBIDDEN_FIELDS = [
      'owner',
      'size',
      'downloads',
      'lock',
      'state',
      'files',
      'access',
      'version',
      'readers',
    ]
    for (const field of [...FORBIDDEN_FIELDS, '_id', 'id', '$set', 'createdAt'])
      it(`PATCH /api/assets/:id – field ${field} → 400`, async () => {
        const asset = await uploadAsset(ada)
        const before = await stored(asset.id)
        const { body } = await ada
          .patch(`/api/assets/${asset.id}`)
          .send({ [field]: 1 })
          .expect(400)
        expect(body.err.details).to.deep.equal([{ field, message: 'is not a known field' }])
        expect(await stored(asset.id)).to.deep.equal(before)
      })

    const REFUSED: [name: string, change: unknown, field: string][] = [
      ['an object for a string', { name: { $gt: '' } }, 'name'],
      ['an array for a string', { name: ['a'] }, 'name'],
      ['a number for a string', { name: 7 }, 'name'],
      ['null', { name: null }, 'name'],
      ['an empty name', { name: '' }, 'name'],
      ['a blank name', { name: '  ' }, 'name'],
      ['a long description', { description: 'x'.repeat(5001) }, 'description'],
      ['tags that are objects', { tags: [{ $ne: 1 }] }, 'tags'],
      ['a long tag', { tags: ['x'.repeat(65)] }, 'tags'],
      ['an unknown visibility', { visibility: 'secret' }, 'visibility'],
    ]
    for (const [name, change, field] of REFUSED)
      it(`PATCH /api/assets/:id – ${name} → 400 validation_failed, nothing changes`, async () => {
        const asset = await uploadAsset(ada)
        const before = await stored(asset.id)
        const { body } = await ada
          .patch(`/api/assets/${asset.id}`)
          .send(change as object)
          .expect(400)
        expect(body.err.code).to.equal('validation_failed')
        expect(body.err.details.map((detail: { field: string }) => detail.field)).to.deep.equal([field])
        expect(await stored(asset.id)).to.deep.equal(before)
      })

    it('PATCH /api/assets/:id – no token or no write access → 401, 403 or 404, nothing changes', async () => {
      const hidden = await uploadAsset(ada)
      const shown = await uploadAsset(ada, { visibility: 'public' })
      const before = await stateOf(app)
      await bob.patch(`/api/assets/${hidden.id}`).send({ name: 'x' }).expect(404)
      await bob.patch(`/api/assets/${shown.id}`).send({ name: 'x' }).expect(403)
      await app.api.patch(`/api/assets/${hidden.id}`).send({ name: 'x' }).expect(401)
      await app.api.patch(`/api/assets/${shown.id}`).send({ name: 'x' }).expect(401)
      expect(await stateOf(app)).to.deep.equal(before)
    })

    it('PATCH /api/assets/:id – two writers with the same If-Match → one 200, one 412', async () => {
      const asset = await uploadAsset(ada)
      const { headers } = await ada.get(`/api/assets/${asset.id}`).expect(200)
      const attempts = await Promise.all(
        ['one', 'two'].map((name) =>
          ada.patch(`/api/assets/${asset.id}`).set('If-Match', String(headers.etag)).send({ name }),
        ),
      )
      expect(attempts.map(({ status }) => status).sort()).to.deep.equal([200, 412])
      const winner = attempts.find(({ status }) => status === 200)
      expect((await stored(asset.id)).name).to.equal(winner?.body.res.asset.name)
      await ada.patch(`/api/assets/${asset.id}`).set('If-Match', 'nonsense').send({ name: 'x' }).expect(412)
      await ada.patch(`/api/assets/${asset.id}`).set('If-Match', '*').send({ name: 'any' }).expect(200)
    })
  })

  it('GET and HEAD /api/assets/:id – If-None-Match of the same answer → 304', async () => {
    const asset = await uploadAsset(ada)
    const { headers } = await ada.get(`/api/assets/${asset.id}`).expect(200)
    await ada.get(`/api/assets/${asset.id}`).set('If-None-Match', String(headers.etag)).expect(304)
    await ada.head(`/api/assets/${asset.id}`).set('If-None-Match', String(headers.etag)).expect(304)
    await ada.get(`/api/assets/${asset.id}/download`).expect(200)
    await ada.get(`/api/assets/${asset.id}`).set('If-None-Match', String(headers.etag)).expect(200)
  })

  describe('PUT /api/assets/:id/files', () => {
    it('PUT /api/assets/:id/files – other files → files, used space and detected types are replaced', async () => {
      const asset = await uploadAsset(ada, {}, { 'a.obj': obj(), 'b.png': await png() })
      const keys = (await stored(asset.id)).files.map(({ key }) => key)
      const { body } = await ada
        .put(`/api/assets/${asset.id}/files`)
        .attach('files', await png(), 'c.png')
        .expect(200)
      expect(body.res.asset).to.include({ version: 2, type: '2D', media: 'image' })
      expect(body.res.asset.files.map(({ name }: { name: string }) => name)).to.deep.equal(['c.png'])
      await ada.get(String(asset.files[0]?.url)).expect(404)
      await ada.get(body.res.asset.files[0].url).expect(200)
      const left = await keysOf(app)
      for (const key of keys) expect(left).not.to.include(key)
      expect(await stored(asset.id)).to.deep.include({
        intents: [],
        unsettled: [],
        pendingDeletion: [],
        trash: [],
      })
      await expectExactSpace()
    })

    it('PUT /api/assets/:id/files – concurrent replacements → the last one wins, no object is left over', async () => {
      const asset = await uploadAsset(ada)
      const attempts = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          ada
            .put(`/api/assets/${asset.id}/files`)
            .attach('files', Buffer.alloc(1000 + n, n), 'one.bin')
            .attach('files', Buffer.alloc(1000 + n, n), 'two.bin'),
        ),
      )
      expect(attempts.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200, 200])
      const { files, version } = await stored(asset.id)
      expect(version).to.equal(7)
      expect(files[0]?.size).to.equal(files[1]?.size)
      await expectExactSpace()
    })

    it('PUT /api/assets/:id/files – stale If-Match → 412 before the body is read, nothing stored', async () => {
      const asset = await uploadAsset(ada)
      const before = await stateOf(app)
      const { body } = await ada
        .put(`/api/assets/${asset.id}/files`)
        .set('If-Match', '"9-abc"')
        .attach('files', obj(), 'x.obj')
        .expect(412)
      expect(body.err.code).to.equal('version_conflict')
      expect(await stateOf(app)).to.deep.equal(before)
    })

    it('PUT /api/assets/:id/files – If-None-Match: * → 412 before the body is read, nothing replaced', async () => {
      const asset = await uploadAsset(ada)
      const before = await stateOf(app)
      const put = () => ada.put(`/api/assets/${asset.id}/files`).attach('files', obj(), 'x.obj')
      const { body } = await put().set('If-None-Match', '*').expect(412)
      expect(body.err.code).to.equal('version_conflict')
      expect(await stateOf(app)).to.deep.equal(before)
      await put().set('If-None-Match', '"9-abc"').expect(200)
    })

    it('PUT /api/assets/:id/files – download in progress → it ends with the old bytes', async () => {
      const old = Buffer.alloc(8_000_000, 1)
      const asset = await uploadAsset(ada, { visibility: 'public' }, { 'big.bin': old })
      const response = await fetch(`${app.origin}/api/assets/${asset.id}/download`)
      await ada
        .put(`/api/assets/${asset.id}/files`)
        .attach('files', Buffer.alloc(10, 2), 'big.bin')
        .expect(200)
      expect(Buffer.from(await response.arrayBuffer()).equals(old)).to.equal(true)
    })
  })

  describe('preview images', () => {
    it('POST and DELETE /api/assets/:id/images – images → appended, then removed with their thumbnails', async () => {
      const asset = await uploadAsset(ada, {}, { 'a.glb': glb() })
      const url = `/api/assets/${asset.id}/images`
      const added = await ada
        .post(url)
        .attach('images', await png(), 'a.png')
        .attach('images', await png(), 'b.png')
        .expect(201)
      expect(added.body.res.asset.images).to.have.length(2)
      expect(added.body.res.asset.version).to.equal(2)
      await expectExactSpace()
      const [first, second] = added.body.res.asset.images
      await ada.delete(`${url}/${first.id}`).expect(204)
      const { body } = await ada.get(`/api/assets/${asset.id}`).expect(200)
      expect(body.res.asset.images.map(({ id }: { id: string }) => id)).to.deep.equal([second.id])
      expect(body.res.asset.version).to.equal(3)
      await ada.get(first.url).expect(404)
      await ada.get(body.res.asset.thumbnail).expect(200)
      await ada.delete(`${url}/${first.id}`).expect(404)
      await expectExactSpace()
    })

    it('POST /api/assets/:id/images – more than eight images → refused', async () => {
      const asset = await uploadAsset(ada)
      const url = `/api/assets/${asset.id}/images`
      const picture = await png({ width: 8, height: 8 })
      const eight = ada.post(url)
      for (let n = 0; n < 8; n += 1) eight.attach('images', picture, `${n}.png`)
      await eight.expect(201)
      const before = await stateOf(app)
      const { body } = await ada.post(url).attach('images', picture, 'ninth.png').expect(413)
      expect(body.err.code).to.equal('too_large')
      await ada.post(url).field('x', 'y').expect(400)
      await ada.post(url).attach('images', Buffer.from('<html>'), 'a.png').expect(415)
      expect(await stateOf(app)).to.deep.equal(before)
    })
  })

  describe('DELETE /api/assets/:id', () => {
    it('DELETE /api/assets/:id – asset with files and images → no document, object or used space is left', async () => {
      const asset = await uploadAsset(ada, { visibility: 'public' }, { 'a.png': await png(), 'b.obj': obj() })
      const { images, files, cover } = await stored(asset.id)
      expect(images).to.have.length(0)
      await ada.delete(`/api/assets/${asset.id}`).expect(204)
      await app.api.get(`/api/assets/${asset.id}`).expect(404)
      await ada.delete(`/api/assets/${asset.id}`).expect(404)
      expect(await Asset.findById(asset.id)).to.equal(null)
      const left = await keysOf(app)
      for (const kept of [...files, cover]) expect(left).not.to.include(kept?.key)
      await expectExactSpace()
    })

    it('DELETE /api/assets/:id – any other user → refused', async () => {
      const asset = await uploadAsset(ada, { visibility: 'public' })
      await bob.delete(`/api/assets/${asset.id}`).expect(403)
      await app.api.delete(`/api/assets/${asset.id}`).expect(401)
      await ada.delete(`/api/assets/${asset.id}`).set('If-Match', '"7-x"').expect(412)
      await ada.get(`/api/assets/${asset.id}`).expect(200)
    })

    it('DELETE /api/assets/:id – concurrent replacements → each 200, 204 or 404, nothing is left over', async () => {
      const asset = await uploadAsset(ada)
      const replace = () =>
        ada.put(`/api/assets/${asset.id}/files`).attach('files', Buffer.alloc(5000), 'x.bin')
      const answers = await Promise.all([
        replace(),
        ada.delete(`/api/assets/${asset.id}`),
        replace(),
        ada.delete(`/api/assets/${asset.id}`),
        replace(),
      ])
      for (const { status } of answers) expect([200, 204, 404]).to.include(status)
      expect(await Asset.findById(asset.id)).to.equal(null)
      await expectExactSpace()
    })
  })

  it('GET /api/space – stored assets → used space', async () => {
    const used = await storedBytes(app)
    const { body } = await ada.get('/api/space').expect(200)
    expect(body.res).to.include({ used, reserved: 0, limit: 50e9, free: 50e9 - used })
    expect(body.res).not.to.have.property('server')
    await app.api.get('/api/space').expect(401)
  })
})
