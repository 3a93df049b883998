import { expect } from 'chai'
import { Types } from 'mongoose'
import type { Suggestion } from '../../app/search/suggest.ts'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

describe('suggestions', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    const plant = (fields: Partial<AssetFields>) => insertAsset(ada.user, fields)
    for (const name of ['Chair', 'Chair', 'Oak chair', 'Chalk', 'Tisch', 'Café chairs'])
      await plant({ name, visibility: 'public', tags: ['furniture'] })
    await plant({ name: 'Table', visibility: 'public', tags: ['champagne', 'old champagne'] })
    await plant({ name: 'Chasecret', tags: ['chatag'] })
    await plant({
      name: 'Chashared',
      collaborators: [{ username: 'bob', user: bob.user._id, access: 'read', addedAt: new Date() }] as never,
    })
  })
  after(() => app.stop())

  const ask = async (q: string, as: { get: TestUser['get'] } = app.api) => {
    const { body } = await as.get(`/api/assets/suggest?q=${encodeURIComponent(q)}`).expect(200)
    return (body.res.suggestions as Suggestion[]).map(({ value, kind }) => `${kind} ${value}`)
  }

  it('GET /api/assets/suggest – text that names and tags begin with → these first, the most used first', async () => {
    expect(await ask('cha')).to.deep.equal([
      ...[
        'name Chair',
        'name Chalk',
        'tag champagne',
        'name Café chairs',
        'name Oak chair',
        'tag old champagne',
      ],
    ])
  })

  /** A text and what is suggested. */
  const ROWS: [q: string, suggested: string[]][] = [
    ['CHAL', ['name Chalk']],
    ['cafe', ['name Café chairs']],
    ['oak ch', ['name Oak chair']],
    ['furn', ['tag furniture']],
    ['hair', []],
    ['', []],
    ['  ', []],
    ['"', []],
    ['.*', []],
    ['$', []],
  ]
  for (const [q, suggested] of ROWS)
    it(`GET /api/assets/suggest?q=${q} – anonymous → ${suggested.join(', ') || 'nothing'}`, async () => {
      expect(await ask(q)).to.deep.equal(suggested)
    })

  it('GET /api/assets/suggest – private and shared assets → suggested only to those who can read them', async () => {
    expect(await ask('chas', ada)).to.have.members(['name Chasecret', 'name Chashared'])
    expect(await ask('chas', bob)).to.deep.equal(['name Chashared'])
    expect(await ask('chatag', bob)).to.deep.equal([])
    expect(await ask('chatag', ada)).to.deep.equal(['tag chatag'])
    expect(await ask('chas')).to.deep.equal([])
  })

  it('GET /api/assets/suggest – more than 10 → 10; q too long or given twice, other parameter → 400', async () => {
    for (let n = 0; n < 15; n += 1) await insertAsset(ada.user, { name: `Zebra ${n}`, visibility: 'public' })
    expect(await ask('zeb')).to.have.length(10)
    for (const query of [`q=${'a'.repeat(501)}`, 'q=a&q=b', 'q=a&limit=3'])
      await app.api.get(`/api/assets/suggest?${query}`).expect(400)
  })

  /** Stores many assets like one. */
  async function plantMany(count: number, fields: Partial<AssetFields>): Promise<void> {
    const one = await insertAsset(ada.user, fields)
    await Asset.collection.insertMany(
      Array.from({ length: count }, () => ({ ...one, _id: new Types.ObjectId() })),
    )
  }

  it('GET /api/assets/suggest – own asset, older than 1,000 others → suggested to its owner only', async () => {
    await insertAsset(ada.user, { name: 'Gramophone', tags: ['gramophone'], createdAt: new Date(0) })
    await plantMany(1000, { name: 'Box' })
    expect(await ask('gram', ada)).to.deep.equal(['name Gramophone', 'tag gramophone'])
    expect(await ask('gram', bob)).to.deep.equal([])
  })

  it('GET /api/assets/suggest – names of one word in many assets → other words beginning with the text, too', async () => {
    await plantMany(150, { name: 'Moss', visibility: 'public' })
    await plantMany(150, { name: 'Mosscap', visibility: 'public' })
    await insertAsset(ada.user, { name: 'Mossy stone', visibility: 'public' })
    await insertAsset(ada.user, { name: 'Rock', tags: ['grey mosstone'], visibility: 'public' })
    expect(await ask('moss')).to.have.members([
      ...['name Moss', 'name Mosscap', 'name Mossy stone', 'tag grey mosstone'],
    ])
  })

  it('GET /api/assets/suggest – public asset made private → suggested to its owner only', async () => {
    const { _id } = await insertAsset(ada.user, { name: 'Oboe', visibility: 'public' })
    expect(await ask('obo')).to.deep.equal(['name Oboe'])
    await ada.patch(`/api/assets/${_id}`).send({ visibility: 'private' }).expect(200)
    expect(await ask('obo')).to.deep.equal([])
    expect(await ask('obo', ada)).to.deep.equal(['name Oboe'])
  })

  it('GET /api/assets/suggest – scripts without spaces → names with these characters in sequence', async () => {
    await insertAsset(ada.user, { name: '木の椅子', visibility: 'public' })
    expect(await ask('椅子')).to.deep.equal(['name 木の椅子'])
    expect(await ask('木')).to.deep.equal(['name 木の椅子'])
    expect(await ask('子椅')).to.deep.equal([])
  })

  it('GET /api/assets/suggest – owner disabled → nothing of theirs', async () => {
    const off = await signUp(app, 'off')
    const root = await signUpAdmin(app, 'root')
    await insertAsset(off.user, { name: 'Quokka', visibility: 'public' })
    expect(await ask('quok')).to.deep.equal(['name Quokka'])
    await root.patch(`/api/users/${off.user._id}`).send({ disabled: true }).expect(200)
    expect(await ask('quok')).to.deep.equal([])
  })
})
