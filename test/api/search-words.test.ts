import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Term } from '../../models/term.ts'
import { forgetStoredTerms, storeDueTerms, storeWaitingTerms } from '../../models/term-writer.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

describe('words of searches', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob', { discoverable: true })
    await uploadAsset(ada, { name: 'Blue armchair', visibility: 'public' })
    await uploadAsset(ada, { name: 'Secretwardrobe' })
  })
  after(() => app.stop())

  const search = async (user: TestUser, query: string) => {
    const { body } = await user.get(`/api/assets?${query}`).expect(200)
    return { ...body.res, names: body.res.assets.map(({ name }: { name: string }) => name) }
  }

  it('GET /api/assets?q – prefix and part of a word just uploaded → found, matched all', async () => {
    for (const q of ['armch', 'chair', 'blue armc'])
      expect(await search(bob, `q=${q}`)).to.deep.include({ names: ['Blue armchair'], matched: 'all' })
  })

  it('GET /api/assets?q – not all words → what has any, matched any, also on the next page; total and facets count these', async () => {
    await uploadAsset(ada, { name: 'Blue lamp', visibility: 'public' })
    const counts = 'count=1&facets=1'
    const first = await search(bob, `q=blue%20zebra&limit=1&${counts}`)
    expect(first).to.deep.include({ names: ['Blue lamp'], matched: 'any', total: 2 })
    expect(first.facets.visibility).to.deep.equal([{ value: 'public', count: 2 }])
    const next = await search(bob, `q=blue%20zebra&limit=1&cursor=${first.next}&${counts}`)
    expect(next).to.deep.include({ names: ['Blue armchair'], matched: 'any', next: null, total: 2 })
    expect((await search(bob, 'q=lamp%20armchair&match=any')).names).to.have.length(2)
  })

  it('GET /api/assets?q – misspelled → suggestion that finds; a word of a private asset of others → none', async () => {
    expect(await search(bob, 'q=armchiar')).to.deep.include({ names: [], suggestion: 'armchair' })
    expect(await search(ada, 'q=secretwardrobr')).to.include({ suggestion: 'secretwardrobe' })
    expect(await search(bob, 'q=secretwardrobr')).not.to.have.property('suggestion')
    expect((await search(bob, 'q=secretward')).names).to.deep.equal([])
  })

  it('GET /api/assets?q – two letters beyond U+FFFF in the other order → before a word of two other letters', async () => {
    const [swapped, other] = ['𐌰𐌱𐌲𐌳𐌴𐌶𐌵', '𐌰𐌱𐌲𐌳𐌴𐌷𐌸']
    for (const name of [swapped, other]) await uploadAsset(bob, { name })
    await storeWaitingTerms()
    await Term.updateOne({ _id: `${bob.user._id} ${other}` }, { count: 7 })
    expect(await search(bob, `q=${encodeURIComponent('𐌰𐌱𐌲𐌳𐌴𐌵𐌶')}`)).to.include({ suggestion: swapped })
  })

  it('GET /api/assets?q – asset shared with the caller → found by prefix, part and whole word', async () => {
    const { id } = await uploadAsset(ada, { name: 'Hiddenbookcase' })
    await ada.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'read' }).expect(200)
    for (const q of ['hiddenb', 'bookcase', 'hiddenbookcase&scope=shared'])
      expect((await search(bob, `q=${q}`)).names, q).to.deep.equal(['Hiddenbookcase'])
    expect(await search(bob, 'q=bookcase&count=1&facets=1')).to.include({ total: 1 })
  })

  it('GET /api/assets?q – more than 16 words → 400', async () => {
    await bob.get(`/api/assets?q=${Array(17).fill('w').join('+')}`).expect(400)
  })

  it('storeDueTerms – the process died before it stored the words → another one stores them', async () => {
    await storeWaitingTerms()
    const { id } = await uploadAsset(ada, { name: 'Unheardof' })
    await storeWaitingTerms()
    await eventually(async () => expect(await Asset.byId(id)).not.to.have.property('termsDue'))
    await Term.deleteMany({ _id: /unheardof/ })
    await Asset.updateOne({ _id: id }, { termsDue: new Date(0) })
    forgetStoredTerms()
    await storeDueTerms(AbortSignal.abort())
    expect(await Asset.byId(id), 'stopped').to.have.property('termsDue')
    await storeDueTerms(new AbortController().signal)
    expect(await Term.exists({ _id: `${ada.user._id} unheardof` })).not.to.equal(null)
    expect(await Asset.byId(id)).not.to.have.property('termsDue')
  })

  it('Term.refresh – words of no asset, seen long ago → removed; others are counted', async () => {
    const old = { seenAt: new Date(0), grams: [], spellings: [], count: 7 }
    const [gone, kept] = ['public nothinghere', 'public blue']
    await Term.collection.insertOne({ _id: gone, ...old } as never)
    await Term.updateOne({ _id: kept }, { count: 7 })
    await Term.refresh(new AbortController().signal)
    expect(await Term.exists({ _id: gone })).to.equal(null)
    expect(await Term.findById(kept).lean()).to.include({ count: 2 })
  })

  it('Term.removeAllOf – an owner → the words of that owner are removed', async () => {
    const eve = await signUp(app, 'eve')
    await uploadAsset(eve, { name: 'Evesthing' })
    await storeWaitingTerms()
    const own = { _id: new RegExp(`^${eve.user._id} `) }
    expect(await Term.countDocuments(own)).to.be.greaterThan(0)
    await Term.removeAllOf(eve.user._id)
    expect(await Term.countDocuments(own)).to.equal(0)
  })
})
