import { expect } from 'chai'
import { createApp } from '../../../app/index.ts'
import { Asset } from '../../../models/asset.ts'
import type { AssetFile } from '../../../models/asset-files.ts'
import { KEYS_FORM, type Keyed, keysOf } from '../../../models/asset-keys.ts'
import { allFilesOf, MAX_EMBEDDED_FILES } from '../../../models/file-set.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { mp4, obj, png } from '../../support/data/samples.ts'
import { mountedRoutes } from '../../support/openapi/mounted-routes.ts'

const asset = (fields: Partial<Keyed> = {}): Keyed => ({
  state: 'ready',
  name: 'Oak chair',
  description: '',
  tags: [],
  type: '3D',
  media: 'model',
  visibility: 'private',
  size: 1500,
  allFiles: [],
  lock: null,
  ...fields,
})
const file = (name: string) => ({ name, sha256: 'ab' }) as AssetFile

describe('keysOf', () => {
  const CASES: [condition: string, fields: Partial<Keyed>, keys: string[]][] = [
    [
      'no tags',
      {},
      'all type:3D media:model visibility:private untagged size:10 word:oak word:chair'.split(' '),
    ],
    ['tags', { tags: ['wood'] }, ['tag:wood', 'word:wood']],
    ['accents and capitals', { name: 'CAFÉ' }, ['word:cafe']],
    [
      'a file',
      { allFiles: [file('Old Oak.v2.GLB')] },
      ['ext:glb', 'sha256:ab', 'word:old', 'word:v2', 'word:glb'],
    ],
    ['a file without extension', { allFiles: [file('.README')] }, ['ext:', 'word:.readme', 'stem:readme']],
    ['no bytes', { size: 0 }, ['size:0']],
    ['a legal hold', { lock: { mode: null, until: null, legalHold: true } }, ['lock']],
    ['a word of 70 characters', { name: 'é'.repeat(70) }, [`word:${'e'.repeat(64)}`]],
  ]
  for (const [condition, fields, keys] of CASES)
    it(`keysOf – ${condition} → ${keys.join(', ')}`, () => {
      expect(keysOf(asset(fields))).to.include.members(keys)
    })

  it('keysOf – no tags, no lock → each key once', () => {
    const keys = keysOf(asset({ name: 'Oak oak OAK', description: 'oak' }))
    expect(keys.filter((key) => key === 'word:oak')).to.have.length(1)
    expect(keys).not.to.include('lock')
    expect(keysOf(asset({ tags: ['wood'] }))).not.to.include('untagged')
  })

  it('keysOf – more than 1,000 words → the first 1,000', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
    const all = letters.flatMap((a) => letters.flatMap((b) => [`${a}${b}x`, `${a}${b}y`]))
    const description = all.slice(0, 1200).join(' ')
    const words = keysOf(asset({ description })).filter((key) => key.startsWith('word:'))
    expect(words)
      .to.have.length(1000)
      .and.to.include.members(['word:oak', `word:${all[997]}`])
  })

  it('keysOf – not ready → no keys', () => {
    expect(keysOf(asset({ state: 'deleting' }))).to.deep.equal([])
  })
})

describe('stored keys of assets', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let admin: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    admin = await signUpAdmin(app, 'root')
  })
  after(() => app.stop())

  type Send = () => PromiseLike<{ status: number; text: string }>
  const picture = () => png()
  /** Uploads a public asset with a description, a tag, an image and so many files. */
  async function prepare(count: number) {
    const fields = { name: 'Oak chair', description: 'a seat', tags: 'wood', visibility: 'public' }
    const files = Array.from({ length: count }, (_, n) => [`part${n}.obj`, obj()] as const)
    const { id } = await uploadAsset(ada, fields, Object.fromEntries(files))
    await ada
      .post(`/api/assets/${id}/images`)
      .attach('images', await picture(), 'a.png')
      .expect(201)
    return id
  }
  const lock = (id: string) => ada.put(`/api/assets/${id}/lock`).send({ legalHold: true }).expect(200)

  /** A request for every route that changes assets. */
  const ROUTES: Record<string, (id: string) => Send | Promise<Send>> = {
    'POST /api/assets': () => () =>
      ada.post('/api/assets').field({ name: 'New', type: '2D' }).attach('files', obj(), 'n.obj'),
    'PATCH /api/assets/:assetId': (id) => () =>
      ada
        .patch(`/api/assets/${id}`)
        .send({ name: 'Table', tags: ['metal'], type: 'other', visibility: 'private' }),
    'PUT /api/assets/:assetId/files': (id) => async () =>
      ada.put(`/api/assets/${id}/files`).attach('files', await picture(), 'photo.png'),
    'POST /api/assets/:assetId/images': (id) => async () =>
      ada.post(`/api/assets/${id}/images`).attach('images', await picture(), 'b.png'),
    'DELETE /api/assets/:assetId/images/:imageId': async (id) => {
      const { body } = await ada.get(`/api/assets/${id}`).expect(200)
      return () => ada.delete(`/api/assets/${id}/images/${body.res.asset.images[0].id}`)
    },
    'DELETE /api/assets/:assetId': (id) => () => ada.delete(`/api/assets/${id}`),
    'PUT /api/assets/:assetId/collaborators/:username': (id) => () =>
      ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'write' }),
    'DELETE /api/assets/:assetId/collaborators/:username': async (id) => {
      await ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'read' }).expect(200)
      return () => ada.delete(`/api/assets/${id}/collaborators/bob`)
    },
    'POST /api/assets/:assetId/links': (id) => () => ada.post(`/api/assets/${id}/links`).send({}),
    'PATCH /api/assets/:assetId/links/:linkId': async (id) => {
      const { body } = await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
      return () => ada.patch(`/api/assets/${id}/links/${body.res.link.id}`).send({ label: 'Bob' })
    },
    'DELETE /api/assets/:assetId/links/:linkId': async (id) => {
      const { body } = await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
      return () => ada.delete(`/api/assets/${id}/links/${body.res.link.id}`)
    },
    'PUT /api/assets/:assetId/lock': (id) => () => lock(id),
    'DELETE /api/assets/:assetId/lock': async (id) => {
      await lock(id)
      return () => ada.delete(`/api/assets/${id}/lock`)
    },
    'DELETE /api/admin/assets/:assetId': async (id) => {
      // a locked asset becomes private
      await lock(id)
      return () => admin.delete(`/api/admin/assets/${id}`)
    },
    'DELETE /api/admin/assets/:assetId/lock': async (id) => {
      await lock(id)
      return () => admin.delete(`/api/admin/assets/${id}/lock`)
    },
    'POST /images': () => async () => ada.post('/images').attach('image', await picture(), 'c.png'),
    'POST /api/upload': () => async () => ada.post('/api/upload/').attach('file', obj(), 'd.obj'),
    'POST /api/remove': (id) => () => ada.post('/api/remove/').send({ id }),
    'POST /base': () => async () => ada.post('/base').attach('file', await picture(), 'e.png'),
    'POST /overlay': () => () => ada.post('/overlay').attach('file', mp4(), 'f.mp4'),
    'PUT /api/files/:filename': () => () => ada.put('/api/files/g.obj?tags=wood,old').send(obj()),
    ...kumoRoutes('collections'),
    ...kumoRoutes('uploads'),
  }

  function kumoRoutes(name: string): typeof ROUTES {
    return {
      [`POST /${name}`]: () => () =>
        ada.post(`/${name}`).field('image[tag]', 'wood').attach('image[file]', obj(), 'h.obj'),
      [`PATCH /${name}/:assetId`]: (id) => () =>
        ada.patch(`/${name}/${id}`).send({ collection: { title: 'Stool', tag: 'metal' } }),
      [`DELETE /${name}/:assetId`]: (id) => () => ada.delete(`/${name}/${id}`),
    }
  }

  async function expectKeys() {
    const assets = await Asset.find().lean()
    for (const one of assets) {
      expect(one.keys, one.name).to.have.members(keysOf({ ...one, allFiles: (await allFilesOf(one)) ?? [] }))
      expect(one.keysForm, one.name).to.equal(KEYS_FORM)
    }
    return assets
  }

  it('routes – every route that changes assets → has a request in this test', () => {
    const changing = mountedRoutes(createApp(app.context)).filter((route) =>
      /^(POST|PUT|PATCH|DELETE) \/(api\/(admin\/)?assets|images|base|overlay|api\/(upload|remove|files\/:)|collections|uploads)/.test(
        route,
      ),
    )
    expect(Object.keys(ROUTES)).to.have.members(changing)
  })

  for (const [route, begin] of Object.entries(ROUTES))
    it(`${route} – asset with its files in the document, or in a file set → the stored keys are those of the asset`, async () => {
      for (const count of [1, MAX_EMBEDDED_FILES + 1]) {
        const send = await begin(await prepare(count))
        const { status, text } = await send()
        expect(status, text).to.be.within(200, 299)
        expect(await expectKeys()).not.to.deep.equal([])
      }
    })

  it('PATCH /api/users/:id {disabled} – then enabled → the stored keys are those of the assets', async () => {
    await uploadAsset(bob, { visibility: 'public' })
    for (const disabled of [true, false]) {
      await admin.patch(`/api/users/${bob.user._id}`).send({ disabled }).expect(200)
      await expectKeys()
    }
  })
})
