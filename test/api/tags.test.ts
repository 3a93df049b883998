import { expect } from 'chai'
import type { Types } from 'mongoose'
import { changeRights } from '../../app/accounts/change-rights.ts'
import { MAX_LOCKED } from '../../app/assets/change-tag.ts'
import { Asset, TAGS } from '../../models/asset.ts'
import { Event } from '../../models/event.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

describe('/api/tags', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let root: TestUser
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    root = await signUpAdmin(app, 'root')
  })
  after(() => app.stop())
  beforeEach(async () => {
    await Asset.deleteMany({})
  })

  const plant = (user: TestUser, tags: string[], more: object = {}) =>
    insertAsset(user.user, { tags, ...more })
  const tagsOf = async (id: Types.ObjectId) => (await Asset.findById(id).orFail().lean()).tags
  const at = (tag: string) => `/api/tags/${encodeURIComponent(tag)}`
  const hold = { lock: { mode: null, until: null, legalHold: true } }

  type Listed = { tag: string; count: number }[]
  const list = async (user: TestUser | null, query = ''): Promise<Listed> => {
    const { body } = await (user ? user.get(`/api/tags?${query}`) : app.api.get(`/api/tags?${query}`)).expect(
      200,
    )
    return body.res.tags
  }
  const names = async (user: TestUser | null, query = '') => (await list(user, query)).map(({ tag }) => tag)

  describe('GET /api/tags', () => {
    beforeEach(async () => {
      await plant(ada, ['wood', 'oak tree'], { visibility: 'public' })
      await plant(ada, ['wood', 'secret of ada'])
      await plant(bob, ['wood', 'c++', 'größe', '木製椅子'], { visibility: 'public' })
      await plant(bob, ['secret of bob'])
    })

    it('GET /api/tags – each scope → counts of what the caller can read, the most used first', async () => {
      expect(await list(null)).to.deep.equal([
        { tag: 'wood', count: 2 },
        ...['c++', 'größe', 'oak tree', '木製椅子'].map((tag) => ({ tag, count: 1 })),
      ])
      expect((await list(ada))[0]).to.deep.equal({ tag: 'wood', count: 3 })
      expect(await names(ada))
        .to.include('secret of ada')
        .and.not.include('secret of bob')
      expect(await names(bob, 'scope=mine')).to.have.members([
        'wood',
        'c++',
        'größe',
        '木製椅子',
        'secret of bob',
      ])
      expect(await names(ada, 'scope=shared')).to.deep.equal([])
      await app.api.get('/api/tags?scope=mine').expect(401)
    })

    const SEARCHES: [q: string, found: string[]][] = [
      ['TR', ['oak tree']],
      ['oak t', ['oak tree']],
      ['ree', []],
      ['grosse', ['größe']],
      ['gro', ['größe']],
      ['c+', ['c++']],
      ['椅子', ['木製椅子']],
      ['.*', []],
      ['!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', []],
      ['', ['wood', 'c++', 'größe', 'oak tree', '木製椅子']],
      [' ', ['wood', 'c++', 'größe', 'oak tree', '木製椅子']],
    ]
    for (const [q, found] of SEARCHES)
      it(`GET /api/tags?q=${q} – beginning of a word → ${found.join(', ')}`, async () => {
        expect(await names(null, `q=${encodeURIComponent(q)}`)).to.deep.equal(found)
      })

    it('GET /api/tags – pages of 2 → each tag once; cursor of another query → 400', async () => {
      const all = await names(ada)
      const seen: string[] = []
      let cursor = ''
      do {
        const { body } = await ada.get(`/api/tags?limit=2${cursor}`).expect(200)
        seen.push(...body.res.tags.map(({ tag }: { tag: string }) => tag))
        if (body.res.next) await ada.get(`/api/tags?q=a&cursor=${body.res.next}`).expect(400)
        cursor = body.res.next && `&cursor=${body.res.next}`
      } while (cursor)
      expect(seen).to.deep.equal(all)
    })
  })

  const ODD = [
    'a/b',
    'v1.2',
    '100%',
    '%2f',
    '🪑',
    'c++',
    'ünï cödé',
    '?x=1#y',
    'a:b',
    '$set',
    '__proto__',
    '...',
  ]
  for (const tag of ODD)
    it(`PATCH, DELETE /api/tags/:tag – ${tag} → renamed and removed`, async () => {
      const { _id } = await plant(ada, [tag, 'x'])
      const { body } = await ada
        .patch(at(tag))
        .send({ tag: `${tag}2` })
        .expect(200)
      expect(body.res).to.deep.equal({ changed: 1, remaining: 0, locked: [] })
      expect(await tagsOf(_id)).to.deep.equal([`${tag}2`, 'x'])
      await ada.delete(at(`${tag}2`)).expect(200)
      expect(await tagsOf(_id)).to.deep.equal(['x'])
    })

  it('PATCH /api/tags/:tag – assets with and without the new tag, of others, locked → merged; the others unchanged', async () => {
    const [one, both, full, shared, of] = await Promise.all([
      plant(ada, ['wood', 'chair']),
      plant(ada, ['timber', 'x', 'wood']),
      plant(ada, ['wood', ...Array.from({ length: TAGS.max - 1 }, (_, n) => `t${n}`)]),
      plant(bob, ['wood'], { collaborators: [{ user: ada.user._id, access: 'write', addedAt: new Date() }] }),
      plant(ada, ['other']),
    ])
    const locked = await plant(ada, ['wood'], hold)
    const past = { lock: { mode: 'governance', until: new Date(Date.now() - 1000), legalHold: false } }
    const free = await plant(ada, ['wood'], past)
    const { body } = await ada.patch(at('WOOD')).send({ tag: ' Timber ' }).expect(200)
    expect(body.res).to.deep.equal({ changed: 4, remaining: 0, locked: [String(locked._id)] })
    expect(await tagsOf(one._id)).to.deep.equal(['timber', 'chair'])
    expect(await tagsOf(both._id)).to.deep.equal(['timber', 'x'])
    expect(await tagsOf(full._id)).to.have.length(TAGS.max)
    expect(await tagsOf(free._id)).to.deep.equal(['timber'])
    for (const { _id } of [shared, locked]) expect(await tagsOf(_id)).to.deep.equal(['wood'])
    const stored = await Asset.findById(one._id).orFail().lean()
    expect(stored.version).to.equal(2)
    expect(stored.keys).to.include('tag:timber').and.not.include('tag:wood')
    expect((await Asset.findById(of._id).orFail().lean()).version).to.equal(1)
    expect(await Event.countDocuments({ kind: 'asset.updated', asset: one._id })).to.equal(1)
  })

  it('PATCH, DELETE /api/tags/:tag – nobody, or only others, have the tag → 404; the same tag → nothing changed', async () => {
    const { _id } = await plant(bob, ['wood'], { visibility: 'public' })
    const missing = await ada.patch(at('none')).send({ tag: 'x' }).expect(404)
    for (const request of [
      ada.patch(at('wood')).send({ tag: 'x' }),
      ada.delete(at('wood')),
      ada.delete(at('\u200b')),
    ]) {
      const { body } = await request.expect(404)
      expect({ ...body.err, requestId: '' }).to.deep.equal({ ...missing.body.err, requestId: '' })
    }
    const { body } = await bob.patch(at('wood')).send({ tag: 'WOOD' }).expect(200)
    expect(body.res).to.deep.equal({ changed: 0, remaining: 0, locked: [] })
    expect((await Asset.findById(_id).orFail().lean()).version).to.equal(1)
  })

  it('PATCH /api/tags/:tag – another spelling of the tag → each asset changed once', async () => {
    const [one, other] = [await plant(ada, ['strasse']), await plant(ada, ['straße'])]
    for (const changed of [1, 0]) {
      const { body } = await ada.patch(at('STRASSE')).send({ tag: 'straße' }).expect(200)
      expect(body.res).to.deep.equal({ changed, remaining: 0, locked: [] })
    }
    expect([await tagsOf(one._id), await tagsOf(other._id)]).to.deep.equal([['straße'], ['straße']])
    expect(await list(ada)).to.deep.equal([{ tag: 'straße', count: 2 }])
  })

  for (const tag of ['', ' ', 'a,b', ['a', 'b'], 'x'.repeat(65), null, undefined, '\u0000', 1])
    it(`PATCH /api/tags/:tag – new tag ${JSON.stringify(tag)?.slice(0, 20)} → 400`, async () => {
      await plant(ada, ['wood'])
      await ada.patch(at('wood')).send({ tag }).expect(400)
    })

  it('DELETE /api/tags/:tag – more locked assets than an answer names → the first of them, all kept', async () => {
    for (let n = 0; n < MAX_LOCKED + 1; n += 1) await plant(ada, ['wood'], hold)
    const { body } = await ada.delete(at('wood')).expect(200)
    expect(body.res.locked).to.have.length(MAX_LOCKED)
    expect(body.res).to.include({ changed: 0, remaining: 0 })
    expect(await Asset.countDocuments({ tags: 'wood' })).to.equal(MAX_LOCKED + 1)
  })

  it('PATCH /api/tags/:tag – two calls, uploads and changes of tags at once → no change is lost', async () => {
    const assets = await Promise.all(Array.from({ length: 12 }, () => plant(ada, ['wood', 'keep'])))
    const [one, other] = await Promise.all([
      ada.patch(at('wood')).send({ tag: 'a' }),
      ada.patch(at('wood')).send({ tag: 'b' }),
      ...assets.map(({ _id }) =>
        ada.patch(`/api/assets/${_id}`).send({ description: 'changed' }).expect(200),
      ),
    ])
    expect([one.status, other.status].every((status) => status === 200 || status === 404)).to.equal(true)
    const changed = [one, other].map(({ body }) => body.res?.changed ?? 0)
    expect(changed[0] + changed[1]).to.equal(12)
    for (const { _id } of assets) {
      const asset = await Asset.findById(_id).orFail().lean()
      expect(asset).to.include({ description: 'changed', version: 3 })
      expect(asset.tags).to.include('keep').and.have.length(2)
      expect(asset.tags).not.to.include('wood')
    }
  })

  it('PATCH /api/tags/:tag – sender disabled after some assets → 401, those stay changed, the rest not', async () => {
    const carl = await signUp(app, 'carl')
    const assets = await Promise.all(Array.from({ length: 30 }, () => plant(carl, ['wood'])))
    const { findOneAndUpdate } = Asset.collection
    let updates = 0
    Asset.collection.findOneAndUpdate = (async (...args: unknown[]) => {
      if (++updates === 8) await changeRights(app.context, root, carl.user, { disabled: true })
      return (findOneAndUpdate as (...all: unknown[]) => unknown).apply(Asset.collection, args)
    }) as unknown as typeof findOneAndUpdate
    try {
      await carl.patch(at('wood')).send({ tag: 'timber' }).expect(401)
    } finally {
      Asset.collection.findOneAndUpdate = findOneAndUpdate
    }
    const done = await Asset.countDocuments({ tags: 'timber' })
    expect(done).to.be.within(8, 14)
    expect(await Asset.countDocuments({ tags: 'wood' })).to.equal(assets.length - done)
  })
})
