import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { finishDeletion } from '../../app/accounts/delete-account.ts'
import { Term } from '../../models/term.ts'
import { forgetStoredTerms, storeWaitingTerms } from '../../models/term-writer.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

/** A word of letters that no other asset has. Its beginning and its inside are unknown, too. */
const newWord = () =>
  `qu${[...randomBytes(12)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')}`

/** Makes others lose the right to read an asset with a word, whose owner keeps it or not. */
interface Loss {
  what: string
  isShared?: boolean
  lose: (asset: string, owner: TestUser) => Promise<unknown>
  /** Whether the owner still finds the word. */
  isKept: boolean
}

describe('words of assets that a caller can no longer read', function () {
  this.timeout(60_000)
  let app: TestApp
  let bob: TestUser
  let root: TestUser

  before(async () => {
    app = await startApp()
    bob = await signUp(app, 'bob', { discoverable: true })
    root = await signUpAdmin(app, 'root')
    await uploadAsset(bob, { name: 'Chair', visibility: 'public' })
  })
  after(() => app.stop())

  /** Returns what a caller learns of a word by its beginning, its inside, a misspelling and the proposals. */
  async function learned(word: string, by: { get: TestUser['get'] }): Promise<string[]> {
    const swapped = `${word.slice(0, -2)}${word.slice(-1)}${word.slice(-2, -1)}`
    const paths = [
      ...[word, word.slice(0, 7), word.slice(3, -2), swapped].map((q) => `/api/assets?q=${q}&facets=1`),
      ...[`/api/assets/suggest?q=${word.slice(0, 6)}`, `/api/tags?q=${word.slice(0, 6)}`],
    ]
    const known: string[] = []
    for (const path of paths) {
      const { text } = await by.get(path).expect(200)
      if (text.replace(path, '').toLowerCase().includes(word)) known.push(path)
    }
    return known
  }

  const LOSSES: Loss[] = [
    {
      what: 'public asset made private',
      lose: (id, owner) => owner.patch(`/api/assets/${id}`).send({ visibility: 'private' }).expect(200),
      isKept: true,
    },
    {
      what: 'asset deleted',
      lose: (id, owner) => owner.delete(`/api/assets/${id}`).expect(204),
      isKept: false,
    },
    {
      what: 'asset renamed',
      lose: (id, owner) => owner.patch(`/api/assets/${id}`).send({ name: 'Table', tags: [] }).expect(200),
      isKept: false,
    },
    {
      what: 'collaborator removed',
      isShared: true,
      lose: (id, owner) => owner.delete(`/api/assets/${id}/collaborators/bob`).expect(204),
      isKept: true,
    },
    {
      what: 'owner disabled',
      lose: (_id, owner) => root.patch(`/api/users/${owner.user.id}`).send({ disabled: true }).expect(200),
      isKept: false,
    },
    {
      what: 'account of the owner deleted',
      lose: (_id, owner) => owner.delete('/api/users/me').send({ password: PASSWORD }).expect(204),
      isKept: false,
    },
  ]
  for (const { what, isShared = false, lose, isKept } of LOSSES)
    it(`GET of searches, proposals and tags – ${what} → nobody learns the word by a part or a misspelling`, async () => {
      const word = newWord()
      const owner = await signUp(app, newWord())
      const fields = { name: word, tags: word, visibility: isShared ? 'private' : 'public' }
      const { id } = await uploadAsset(owner, fields)
      if (isShared)
        await owner.put(`/api/assets/${id}/collaborators/bob`).send({ access: 'write' }).expect(200)
      expect(await learned(word, bob), 'before').to.have.length.greaterThan(4)
      await lose(id, owner)
      for (const [who, by] of Object.entries({ bob, root }))
        expect(await learned(word, by), who).to.deep.equal([])
      if (isKept) expect(await learned(word, owner), 'the owner').to.have.length.greaterThan(4)
    })

  it('GET /api/assets?q – second instance → words stored by the first are found and lost as there', async () => {
    const api = await app.secondInstance()
    const word = newWord()
    const { id } = await uploadAsset(bob, { name: word, visibility: 'public' })
    await storeWaitingTerms()
    const byOther = { get: (path: string) => api.get(path) }
    expect(await learned(word, byOther)).to.have.length.greaterThan(3)
    await bob.patch(`/api/assets/${id}`).send({ visibility: 'private' }).expect(200)
    expect(await learned(word, byOther)).to.deep.equal([])
  })

  it('DELETE /api/users/me – words that another process stores afterwards → removed when they are counted', async () => {
    const word = newWord()
    const owner = await signUp(app, newWord())
    await uploadAsset(owner, { name: word })
    await storeWaitingTerms()
    const term = await Term.findById(`${owner.user.id} ${word}`).orFail().lean()
    await owner.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
    await eventually(async () => expect(await finishDeletion(app.context, owner.user._id)).to.equal(true))
    expect(await Term.exists({ _id: term._id })).to.equal(null)
    await Term.collection.insertOne({ ...term, seenAt: new Date(0) } as never)
    await Term.refresh(new AbortController().signal)
    expect(await Term.exists({ _id: term._id })).to.equal(null)
    forgetStoredTerms()
  })
})
