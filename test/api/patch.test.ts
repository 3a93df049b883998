import { expect } from 'chai'
import { createApp } from '../../app/index.ts'
import { Asset } from '../../models/asset.ts'
import { Event } from '../../models/event.ts'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { storeWaitingTerms } from '../../models/term-writer.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset, wholeAsset } from '../support/app/assets.ts'
import { requestsOf, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { mountedRoutes } from '../support/openapi/mounted-routes.ts'

const TYPES =
  'application/json, application/merge-patch+json, application/x-www-form-urlencoded, multipart/form-data'
const RAW = 'cafe\u0301'
const NFC = 'café'

interface Case {
  /** By an admin instead of the owner. */
  byAdmin?: true
  path: () => string
  /** A change of every field. */
  change: () => object
  /** The same values, written in another way. */
  same?: () => object
  /** What null makes of each field. */
  cleared: Record<string, unknown>
  /** Fields that cannot be null. */
  required: string[]
  /** Returns the fields of the document as clients name them. */
  read: () => Promise<Record<string, unknown>>
}

/** Routes whose body is no change of a document. */
const OTHERS = ['PATCH /api/tags/:tag', 'PATCH /change-password']

describe('PATCH', () => {
  let app: TestApp
  let ada: TestUser
  let root: TestUser
  let eve: TestUser
  let asset: string
  let link: string
  let project: string
  let scene: string
  let picture: string

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    root = await signUpAdmin(app, 'root')
    eve = await signUp(app, 'eve')
    asset = (await uploadAsset(ada, { name: 'Oak' })).id
    picture = (await uploadAsset(ada, {}, { 'a.png': await png() })).id
    const created = await ada.post(`/api/assets/${asset}/links`).send({ label: 'x' }).expect(201)
    link = created.body.res.link.id
    project = (await ada.post('/api/projects').send({ title: 'Room' }).expect(201)).body.res.project.id
    const added = await ada.post(`/api/projects/${project}/scenes`).send({}).expect(201)
    scene = added.body.res.scene.id
  })
  after(() => app.stop())

  const found = async (document: Promise<unknown>) => {
    const value = await document
    if (!value) throw new Error('there is no such document')
    return JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  }
  const readUser = async ({ user: { _id } }: TestUser) => {
    const user = await found(User.findById(_id).lean())
    const { limit = null, fileLimit = null } = user.space as { limit?: number; fileLimit?: number }
    return { ...user, settings: JSON.parse(String(user.settings)), space: { limit, fileLimit } }
  }
  const readScene = async () => {
    const { scenes } = await found(Project.findById(project).lean())
    return (scenes as Record<string, unknown>[])[0] ?? {}
  }
  const collection: Omit<Case, 'path'> = {
    change: () => ({ title: 'Kumo', tag: 'a,b' }),
    same: () => ({ image: { title: ' Kumo ' }, tag: 'A, b,B' }),
    cleared: {},
    required: [],
    read: async () => {
      const { name, tags, ...others } = await found(Asset.findById(picture).lean())
      return { ...others, title: name, tag: (tags as string[]).join(',') }
    },
  }

  const CASES: Record<string, Case> = {
    'PATCH /api/assets/:assetId': {
      path: () => `/api/assets/${asset}`,
      change: () => ({
        ...{
          name: NFC,
          description: NFC,
          tags: [NFC, 'b'],
          type: '2D',
          media: 'video',
          visibility: 'public',
        },
      }),
      same: () => ({
        ...{
          name: ` ${RAW}\n`,
          description: RAW,
          tags: `${RAW.toUpperCase()}, b`,
          type: '2D',
          media: 'video',
        },
      }),
      cleared: { description: '', tags: [], media: 'model', type: '3D' },
      required: ['name', 'visibility'],
      read: () => found(Asset.findById(asset).lean()),
    },
    'PATCH /api/assets/:assetId/links/:linkId': {
      path: () => `/api/assets/${asset}/links/${link}`,
      change: () => ({ label: NFC, maxDownloads: 7, expiresAt: '2126-11-30T00:00:00.000Z' }),
      same: () => ({ label: ` ${RAW}`, maxDownloads: 7, expiresAt: '2126-11-29' }),
      cleared: { label: null, maxDownloads: null, expiresAt: null },
      required: [],
      read: () => found(Link.findById(link).lean()),
    },
    'PATCH /api/users/me': {
      path: () => '/api/users/me',
      change: () => ({
        ...{ name: NFC, email: `${NFC}@example.org`, firstName: NFC, lastName: NFC, mobile: '15112' },
        ...{ countryCode: '49', profilePhoto: 'https://example.org/a.png', discoverable: true },
        settings: { theme: 'dark', list: { columns: 3, wide: true } },
      }),
      same: () => ({
        ...{ name: RAW, email: ` CAF${RAW.slice(3)}@Example.org `, firstName: RAW, countryCode: '+49' },
        ...{ discoverable: true, settings: { list: { columns: 3 }, absent: null } },
      }),
      cleared: {
        ...{ name: null, email: null, firstName: null, lastName: null, mobile: null, countryCode: null },
        ...{ profilePhoto: null, discoverable: false, settings: {} },
      },
      required: [],
      read: () => readUser(ada),
    },
    'PATCH /api/users/:userId': {
      byAdmin: true,
      path: () => `/api/users/${eve.user.id}`,
      change: () => ({ access: 'admin', disabled: true, space: { limit: 5, fileLimit: 6 } }),
      same: () => ({ access: 'admin', space: { limit: 5 } }),
      cleared: { access: 'user', disabled: false, space: { limit: null, fileLimit: null } },
      required: [],
      read: () => readUser(eve),
    },
    'PATCH /api/projects/:projectId': {
      path: () => `/api/projects/${project}`,
      change: () => ({ title: NFC, image: picture }),
      same: () => ({ title: `\u202e${RAW} `, image: picture, sceneOrder: [scene] }),
      cleared: { image: null },
      required: ['title'],
      read: () => found(Project.findById(project).lean()),
    },
    'PATCH /api/projects/:projectId/scenes/:sceneId': {
      path: () => `/api/projects/${project}/scenes/${scene}`,
      change: () => ({ base: [picture], overlay: [picture], overlayImage: [picture], baseImage: [picture] }),
      cleared: { base: [], overlay: [], overlayImage: [], baseImage: [] },
      required: [],
      read: readScene,
    },
    'PATCH /collections/:assetId': { ...collection, path: () => `/collections/${picture}` },
    'PATCH /uploads/:assetId': {
      ...collection,
      path: () => `/uploads/${picture}`,
      change: () => ({ title: 'Upload', tag: 'c' }),
      same: () => ({ upload: { title: 'Upload' }, tag: ' C' }),
    },
  }

  it('PATCH routes – all mounted ones → tested here', () => {
    const mounted = mountedRoutes(createApp(app.context)).filter((route) => route.startsWith('PATCH '))
    expect([...Object.keys(CASES), ...OTHERS]).to.have.members(mounted)
  })

  for (const [route, { byAdmin, path, change, same = change, cleared, required, read }] of Object.entries(
    CASES,
  )) {
    const send = (body: object | string, type = 'application/merge-patch+json') =>
      (byAdmin ? root : ada)
        .patch(path())
        .set('Content-Type', type)
        .serialize((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
        .send(body as string)
    const isDone = ({ status }: { status: number }) => expect(status).to.be.oneOf([200, 204])

    it(`${route} – merge patch → those fields change; the same again → 200, no version, no event`, async () => {
      isDone(await send(change()))
      const changed = await read()
      expect(changed).to.deep.include(change())
      // removes the mark of an asset whose words wait
      await storeWaitingTerms()
      const [documents, events] = [await everything(), await Event.countDocuments()]
      for (const body of [change(), same(), {}, ...fieldsOf(same())]) isDone(await send(body))
      expect(await everything()).to.deep.equal(documents)
      expect(await Event.countDocuments()).to.equal(events)
    })

    it(`${route} – null → cleared; fields that must have a value → 400`, async () => {
      for (const field of required) expect((await send({ [field]: null })).status, field).to.equal(400)
      for (const [field, value] of Object.entries(cleared)) {
        isDone(await send({ [field]: null }))
        expect((await read())[field], field).to.deep.equal(value)
        const documents = await everything()
        isDone(await send({ [field]: null }))
        expect(await everything(), field).to.deep.equal(documents)
      }
    })

    it(`${route} – another type → 415 with Accept-Patch and the types`, async () => {
      for (const type of ['text/plain', 'application/json-patch+json', 'application/vnd.a+json']) {
        const { status, headers, body } = await send('{}', type)
        expect([status, headers['accept-patch']], type).to.deep.equal([415, TYPES])
        const message = String(body.message ?? body.err.message)
        for (const taken of TYPES.split(', ')) expect(message).to.include(taken)
      }
    })
  }

  const fieldsOf = (body: object) => Object.entries(body).map(([field, value]) => ({ [field]: value }))
  /** Reads all documents that a route can change, without the times of access. */
  const everything = () =>
    Promise.all([
      ...[Asset, Link, Project].map((model) => model.collection.find().sort({ _id: 1 }).toArray()),
      User.collection
        .find({}, { projection: { lastAccessAt: 0 } })
        .sort({ _id: 1 })
        .toArray(),
    ])

  it('PATCH /api/assets/:id – nothing changes → rights and If-Match are checked; answer with the ETag', async () => {
    const { id } = await uploadAsset(ada, { name: 'Kept', visibility: 'public' })
    const bob = await signUp(app, 'bob')
    const body = { name: 'Kept' }
    await bob.patch(`/api/assets/${id}`).send(body).expect(403)
    await requestsOf(app, 'x').patch(`/api/assets/${id}`).send(body).expect(401)
    await ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'write' }).expect(200)
    await bob
      .patch(`/api/assets/${id}`)
      .send({ ...body, visibility: 'public' })
      .expect(403)
    const { headers } = await ada.patch(`/api/assets/${id}`).send(body).expect(200)
    expect(headers.etag).to.match(/^"1-/)
    await ada.patch(`/api/assets/${id}`).set('If-Match', String(headers.etag)).send(body).expect(200)
    await ada.patch(`/api/assets/${id}`).set('If-Match', '"2-x"').send(body).expect(412)
    await ada.put(`/api/assets/${id}/lock`).send({ legalHold: true }).expect(200)
    await ada.patch(`/api/assets/${id}`).send(body).expect(200)
    await ada
      .patch(`/api/assets/${id}`)
      .send({ ...body, description: 'x' })
      .expect(423)
    await ada
      .patch(`/api/assets/${id}`)
      .send({ ...body, visibility: 'private' })
      .expect(200)
    await ada.delete(`/api/assets/${id}/lock`).expect(204)
  })

  it('PATCH /api/assets/:id – whole answer sent back → nothing changes', async () => {
    const { id } = await uploadAsset(ada, { name: 'Back', tags: 'a,b' })
    const { body } = await ada.get(`/api/assets/${id}`).expect(200)
    const { name, description, type, tags, visibility } = body.res.asset
    const sent = { name, description, type, tags, visibility }
    const answer = await ada.patch(`/api/assets/${id}`).send(sent).expect(200)
    expect(answer.body.res.asset).to.deep.equal(body.res.asset)
  })

  it('PATCH /api/assets/:id – type that the files have, then other files → stays; null → follows the files', async () => {
    const { id } = await uploadAsset(ada)
    await ada.patch(`/api/assets/${id}`).send({ type: '3D' }).expect(200)
    expect((await wholeAsset(id)).version).to.equal(1)
    const replace = async () =>
      (
        await ada
          .put(`/api/assets/${id}/files`)
          .attach('files', await png(), 'a.png')
          .expect(200)
      ).body.res
    expect((await replace()).asset).to.include({ type: '3D', media: 'image' })
    const { body } = await ada.patch(`/api/assets/${id}`).send({ type: null }).expect(200)
    expect(body.res.asset).to.include({ type: '2D', version: 3 })
    expect((await wholeAsset(id)).keys)
      .to.include('type:2D')
      .and.not.include('type:3D')
  })

  it('PATCH /api/assets/:id – media → corrected with the detected type, also for other files; null → follows the files', async () => {
    const { id } = await uploadAsset(ada)
    const change = async (sent: object) => {
      const { body } = await ada.patch(`/api/assets/${id}`).send(sent).expect(200)
      return body.res.asset
    }
    const asset = await change({ media: 'image' })
    expect(asset).to.include({ media: 'image', type: '2D', version: 2 })
    expect(asset.files[0].mediaType).to.equal('model/obj')
    expect((await wholeAsset(id)).keys)
      .to.include.members(['media:image', 'type:2D'])
      .and.not.include('media:model')
    const { body } = await ada.put(`/api/assets/${id}/files`).attach('files', obj(), 'b.obj').expect(200)
    expect(body.res.asset).to.include({ media: 'image', type: '2D' })
    expect(await change({ type: 'other' })).to.include({ media: 'image', type: 'other' })
    expect(await change({ media: 'archive' })).to.include({ media: 'archive', type: 'other' })
    expect(await change({ media: null })).to.include({ media: 'model', type: 'other' })
    expect(await change({ type: null })).to.include({ media: 'model', type: '3D' })
    await ada.patch(`/api/assets/${id}`).send({ media: 'picture' }).expect(400)
  })

  it('PATCH /api/users/me – settings → merged; too long together, or nested nulls → 400, none stored', async () => {
    const settings = async (patch: unknown, status = 200) =>
      (await ada.patch('/api/users/me').send({ settings: patch }).expect(status)).body.res?.user.settings
    await settings(null)
    await settings({ a: { b: 1, c: [1, 2] }, d: 'x'.repeat(2500) })
    await settings({ e: 'x'.repeat(2500) }, 400)
    expect(await settings({ a: { b: null, c: [3] }, d: null, e: { f: null } })).to.deep.equal({
      a: { c: [3] },
      e: {},
    })
    await Promise.all(Array.from({ length: 5 }, (_, n) => settings({ [`n${n}`]: n })))
    expect(await settings({})).to.include({ n0: 0, n1: 1, n2: 2, n3: 3, n4: 4 })
    const res = await ada
      .patch('/api/users/me')
      .type('json')
      .send('{"settings":{"__proto__":{"x":{"y":null}}}}')
      .expect(200)
    expect(res.text).to.include('"__proto__":{"x":{}}')
  })
})
