import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { PUBLIC, Term } from '../../models/term.ts'
import { leftOutTerms, MAX_TERMS, setMaxTerms } from '../../models/term-limit.ts'
import { forgetStoredTerms, refreshTerms, storeWaitingTerms } from '../../models/term-writer.ts'
import { wordKeysOf } from '../../models/words/index-words.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const LIMIT = 60
const PER_ASSET = 20
/** Accents that a word is searched without. */
const MARKS = [
  '\u0301',
  '\u0300',
  '\u0302',
  '\u0308',
  '\u0303',
  '\u0304',
  '\u0306',
  '\u0307',
  '\u030a',
  '\u030c',
]
/** Returns a word of letters that no other asset has. */
const randomWord = () =>
  randomBytes(8)
    .toString('hex')
    .replace(/\d/g, (digit) => String.fromCharCode(103 + Number(digit)))
/** Returns the beginning of a random word, shorter than its stem. */
const beginningOf = (word: string) => word.slice(0, 8)
const randomWords = () => Array.from({ length: PER_ASSET }, randomWord)

describe('limit of words of an owner', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let mallory: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
    await insertAsset(ada.user, { name: 'Velvet armchair', visibility: 'public' })
    await storeWaitingTerms()
    setMaxTerms(LIMIT)
    forgetStoredTerms()
  })
  beforeEach(async () => {
    mallory = await signUp(app, `mallory-${randomWord()}`)
  })
  after(async () => {
    setMaxTerms(MAX_TERMS)
    await app.stop()
  })

  const plant = async (owner: TestUser, words: string[], visibility: 'public' | 'private' = 'public') => {
    const asset = await insertAsset(owner.user, { name: 'x', description: words.join(' '), visibility })
    await storeWaitingTerms()
    return asset
  }
  const termsOf = (audience: string) => Term.find({ _id: new RegExp(`^${audience} `) }).lean()
  const names = async (q: string, by = bob) => {
    const { body } = await by.get(`/api/assets?q=${encodeURIComponent(q)}`).expect(200)
    return body.res.assets.map(({ name }: { name: string }) => name)
  }

  it('POST /api/assets – many assets of random words → words of the owner and of the public bounded; others are found by a part', async () => {
    const before = leftOutTerms()
    const publicBefore = (await termsOf(PUBLIC)).length
    const all = Array.from({ length: 5 }, randomWords)
    for (const words of all) await plant(mallory, words)
    expect(await termsOf(mallory.user.id)).to.have.length(LIMIT)
    expect((await termsOf(PUBLIC)).length - publicBefore).to.equal(LIMIT)
    expect(leftOutTerms() - before).to.be.at.least(5 * PER_ASSET - LIMIT)

    const [first = '', last = ''] = [all[0]?.[0], all[4]?.[PER_ASSET - 1]]
    expect([await names(first), await names(last)], 'whole').to.deep.equal([['x'], ['x']])
    expect([await names(beginningOf(first)), await names(beginningOf(last))], 'beginning').to.deep.equal([
      ['x'],
      [],
    ])

    await insertAsset(bob.user, { name: 'Brocade curtain' })
    for (const q of ['velvet arm', 'chair', 'brocad', 'rocade cur'])
      expect(await names(q), q).to.have.length(1)
    const { body } = await bob.get('/api/assets?q=armchiar').expect(200)
    expect(body.res.suggestion).to.equal('armchair')
  })

  it('PATCH /api/assets/:id {visibility} – words that their owner has no room for → no words of the public either', async () => {
    const publicBefore = await termsOf(PUBLIC)
    for (let n = 0; n < 4; n += 1) await plant(mallory, randomWords(), 'private')
    const { _id } = await plant(mallory, randomWords(), 'private')
    await mallory.patch(`/api/assets/${_id}`).send({ visibility: 'public' }).expect(200)
    await storeWaitingTerms()
    expect(await termsOf(mallory.user.id)).to.have.length(LIMIT)
    // `x` has room
    expect((await termsOf(PUBLIC)).length).to.be.within(publicBefore.length, publicBefore.length + 1)
  })

  it('DELETE /api/assets/:id – owner without room → room for other words when the former ones are removed', async () => {
    const assets = []
    for (let n = 0; n < 4; n += 1) assets.push(await plant(mallory, randomWords()))
    for (const { _id } of assets) await mallory.delete(`/api/assets/${_id}`).expect(204)
    await Term.updateMany({}, { seenAt: new Date(0) })
    await Term.refresh(new AbortController().signal)
    // another process, or this one ten minutes later
    forgetStoredTerms()
    await plant(mallory, ['tapestrywall'])
    expect(await names('tapestryw')).to.deep.equal(['x'])
    expect(await termsOf(mallory.user.id)).to.have.length(2)
  })

  it('refreshTerms – words left out, others of their owner have no asset any more → found by a part', async () => {
    const first = await plant(mallory, randomWords())
    for (let n = 0; n < 2; n += 1) await plant(mallory, randomWords())
    await plant(mallory, ['gobelinwall'])
    await plant(bob, ['gobelinfloor'])
    expect(await names('gobelin')).to.deep.equal(['x'])
    await mallory.delete(`/api/assets/${first._id}`).expect(204)
    await Term.updateMany({ _id: new RegExp(`^(?:public|${mallory.user.id}) `) }, { seenAt: new Date(0) })
    await refreshTerms(new AbortController().signal)
    expect(await names('gobelin')).to.deep.equal(['x', 'x'])
    expect((await termsOf(mallory.user.id)).length).to.be.below(LIMIT)
  })

  it('POST /api/assets – uploads at the same time → as many words as the limit', async () => {
    await plant(mallory, randomWords())
    const rest = Array.from({ length: 6 }, randomWords)
    await Promise.all(
      rest.map((words) => insertAsset(mallory.user, { name: 'x', description: words.join(' ') })),
    )
    await storeWaitingTerms()
    expect(await termsOf(mallory.user.id)).to.have.length(LIMIT)
  })

  it('POST /api/assets – one word in very many spellings → keys of the asset and spellings of the word bounded; found by a part', async () => {
    const spellings = Array.from({ length: 12_000 }, (_, n) =>
      [...'ottoman'].map((letter, at) => letter + (MARKS[Math.floor(n / 10 ** at) % 10] ?? '')).join(''),
    )
    const fileNames = Array.from({ length: 300 }, (_, n) => spellings.slice(40 * n, 40 * n + 40).join(' '))
    const keys = wordKeysOf({ name: 'Sofa', tags: [], fileNames, description: '' })
    expect(keys.length).to.be.below(4500)
    for (let n = 0; n < 3; n += 1) await plant(bob, spellings.slice(100 * n, 100 * n + 100))
    const term = await Term.findById(`${bob.user.id} ottoman`).orFail().lean()
    expect(term.spellings.length).to.be.within(9, 18)
    expect(await names('ottom')).to.have.length(3)
  })

  it('GET /api/assets?q – the database takes too long to choose the most used words → searched with some of them', async () => {
    const { find } = Term.collection
    const tooSlow = async () => {
      throw new mongo.MongoServerError({ code: 50, message: 'operation exceeded time limit' })
    }
    Term.collection.find = ((filter: object, options: mongo.FindOptions) =>
      options.sort ? { toArray: tooSlow } : find.call(Term.collection, filter, options)) as typeof find
    try {
      for (const q of ['velvet arm', 'chair']) expect(await names(q), q).to.deep.equal(['Velvet armchair'])
    } finally {
      Term.collection.find = find
    }
  })

  it('GET /api/assets?q – beginning of a word that is longer than the keys → found', async () => {
    const long = 'donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft'
    await insertAsset(bob.user, { name: long })
    for (const q of [long.slice(0, 30), long.slice(5, 30), long])
      expect(await names(q), q).to.deep.equal([long])
  })
})
