import { expect } from 'chai'
import type { Suggestion } from '../../app/search/suggest.ts'
import type { AssetFields } from '../../models/asset.ts'
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

  it('GET /api/assets/suggest – owner disabled → nothing of theirs', async () => {
    const off = await signUp(app, 'off')
    const root = await signUpAdmin(app, 'root')
    await insertAsset(off.user, { name: 'Quokka', visibility: 'public' })
    expect(await ask('quok')).to.deep.equal(['name Quokka'])
    await root.patch(`/api/users/${off.user._id}`).send({ disabled: true }).expect(200)
    expect(await ask('quok')).to.deep.equal([])
  })
})
