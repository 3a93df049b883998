import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Event } from '../../models/event.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

/** Texts that only a private asset has: in the name, a tag, a file name, its extension, the description, the license. */
const SECRETS = {
  name: 'Quixotryname',
  tag: 'quixotrytag',
  file: 'quixotryfile',
  extension: 'qxt',
  description: 'quixotrydescription',
  license: 'Quixotrylicense',
} as const
/** A word that no asset has. */
const UNKNOWN = 'zzyzxword'
const BYTES = Buffer.concat([obj(), Buffer.from('# 1\n')])
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
/** What a search may repeat of its question. */
const ASKED = /"next":"[^"]*"/g

const COUNTED = 'count=1&facets=1'

interface Counted {
  count: number
}
interface Answer {
  total?: number
  facets?: Record<string, Counted[]>
  tags?: Counted[]
}

/** Returns every search that could tell of a word: exact, beginning, inside, misspelled, in a phrase, excluded, with another. */
function searches(word: string): string[] {
  const swapped = `${word.slice(0, -2)}${word.slice(-1)}${word.slice(-2, -1)}`
  const texts = [
    ...[word, word.slice(0, 5), word.slice(3), word.replace(/[xz]/, 'k'), swapped, `"${word}"`],
    ...[`chair -${word}`, `chair ${word}`, `"chair ${word}"`],
  ].map(encodeURIComponent)
  return [
    ...texts.flatMap((q) => [`/api/assets?q=${q}&${COUNTED}`, `/api/assets/suggest?q=${q}`]),
    ...texts.map((q) => `/api/tags?q=${q}`),
    `/api/assets?q=${word}&match=any&${COUNTED}`,
    `/api/assets?q=${word}&sort=name&${COUNTED}`,
  ]
}

/** Returns the filters that could tell of a word or a hash. */
const filtersOf = (word: string, hash: string): string[] =>
  [
    ...[`tag=${word}`, `tagAny=${word}`, `tagAny=${word}&tagAny=chair`, `tagNot=${word}`],
    ...[`license=${word}`, `license=${word}&q=chair`, `ext=${word.slice(0, 16)}`, `ext=obj&tagNot=${word}`],
    ...[`sha256=${hash}`, `sha256=${hash}&q=chair`],
  ].map((filter) => `/api/assets?${filter}&${COUNTED}`)

const questions = (word: string, hash: string) => [...searches(word), ...filtersOf(word, hash)]

/** Searches that a private asset could be in. */
const OTHERS = [
  ...['tag=chair', 'tagNot=wood', 'owner=ada', 'owner=ada&tag=chair', 'type=3D', 'media=model'],
  ...['visibility=private', 'visibility=private&visibility=public', 'license=MIT', 'locked=1', 'untagged=1'],
  ...['ext=qxt', 'ext=obj&ext=qxt', 'mediaType=model/obj', 'sort=name', 'sort=-size', 'scope=public'],
  ...['minSize=0', 'maxSize=1000000', 'createdAfter=2020-01-01', 'updatedAfter=2020-01-01'],
].map((filter) => `/api/assets?${filter}&${COUNTED}`)
OTHERS.push('/api/tags', '/api/tags?scope=public', '/api/tags?q=q')
/** Searches of a signed-in user. */
const OWN = [
  `/api/assets?scope=shared&${COUNTED}`,
  `/api/assets?scope=mine&${COUNTED}`,
  '/api/tags?scope=shared',
]

describe('secrets of private assets', function () {
  this.timeout(120_000)
  let app: TestApp
  let ada: TestUser
  let secret: { id: string }
  let viewers: Record<string, { get: TestUser['get']; token?: string }>

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    const fields = { name: 'Chair', visibility: 'public', tags: 'chair' }
    await uploadAsset(ada, fields)
    const { name, tag, description, file, extension, license } = SECRETS
    secret = await uploadAsset(
      ada,
      { name, description, license, tags: `${tag},chair` },
      { [`${file}.${extension}`]: BYTES },
    )
    const former = await signUp(app, 'former')
    const path = `/api/assets/${secret.id}`
    await ada.put(`${path}/collaborators/former`).send({ access: 'write' }).expect(200)
    await ada.delete(`${path}/collaborators/former`).expect(204)
    await Event.deleteMany({})
    await ada
      .patch(path)
      .send({ description: `${description} changed` })
      .expect(200)
    const { body } = await ada.post(`${path}/links`).send({}).expect(201)
    const link = String(body.res.link.token)
    const holder = await signUp(app, 'holder')
    await holder.get(`/api/links/${link}`).expect(200)
    await holder.get(`/api/links/${link}/download`).expect(200)
    await app.api.get(`/api/links/${link}`).expect(200)
    const withLink = {
      get: (of: string) => app.api.get(of).set('Referer', `${app.origin}/api/links/${link}`),
    }
    viewers = {
      nobody: app.api,
      'another user': await signUp(app, 'other'),
      'a former collaborator': former,
      'the holder of a link': withLink,
      'a signed-in holder of a link': holder,
    }
  })
  after(() => app.stop())

  /** Asks one question after another, four at a time. */
  async function askAll(who: string, paths: string[]): Promise<Map<string, { res: Answer; text: string }>> {
    const answers = new Map<string, { res: Answer; text: string }>()
    const rest = [...paths]
    const work = async () => {
      for (let path = rest.pop(); path !== undefined; path = rest.pop()) {
        const { status, body, text } = await (viewers[who] as TestUser).get(path)
        expect(status, path).to.equal(200)
        answers.set(path, { res: body.res, text })
      }
    }
    await Promise.all([work(), work(), work(), work()])
    return answers
  }

  const ALL = Object.values(SECRETS)
  const SOME = [SECRETS.name, SECRETS.tag]
  const ASKERS: [who: string, words: string[], others: string[]][] = [
    ['nobody', [SECRETS.description, SECRETS.license], OTHERS],
    ['the holder of a link', SOME, OTHERS],
    ['another user', [SECRETS.file], [...OTHERS, ...OWN]],
    ['a former collaborator', [SECRETS.name, SECRETS.tag, SECRETS.file], [...OTHERS, ...OWN]],
    ['a signed-in holder of a link', SOME, [...OTHERS, ...OWN]],
  ]
  for (const [who, words, others] of ASKERS)
    it(`GET of every search – ${who} asks for texts of a private asset → the answers for a text that no asset has; no result, total, facet, tag or suggestion tells of it`, async () => {
      const unknown = questions(UNKNOWN, 'f'.repeat(64))
      const asked = words.map((word) => questions(word, SHA256))
      const answers = await askAll(who, [...unknown, ...asked.flat(), ...others])
      for (const paths of asked)
        for (const [n, path] of paths.entries())
          expect(answers.get(path)?.res, path).to.deep.equal(answers.get(unknown[n] ?? '')?.res)
      for (const [path, { res, text }] of answers) {
        expect(text, path).not.to.include(secret.id)
        const told = text.replace(ASKED, '').toLowerCase()
        for (const word of ALL) expect(told, path).not.to.include(word.toLowerCase())
        expect(res.total ?? 0, path).to.be.at.most(1)
        for (const { count } of [...Object.values(res.facets ?? {}), res.tags ?? []].flat())
          expect(count, path).to.be.at.most(1)
      }
    })

  for (const who of ['another user', 'a former collaborator'])
    it(`GET /api/changes – ${who}, private asset changed → nothing`, async () => {
      for (const { _id } of await Event.find({ asset: secret.id }).lean())
        await Event.collection.updateOne({ _id }, { $set: { storedAt: new Date(Date.now() - 10_000) } })
      const { body } = await (viewers[who] as TestUser).get('/api/changes?limit=100').expect(200)
      expect(body.res.changes).to.deep.equal([])
      expect((await ada.get('/api/changes?limit=100').expect(200)).body.res.changes).to.have.length(1)
    })

  it('GET of every search – owner asks → the texts are found', async () => {
    for (const word of [SECRETS.name, SECRETS.tag, SECRETS.description, SECRETS.license]) {
      const { body } = await ada.get(`/api/assets?q=${word}&count=1`).expect(200)
      expect(body.res.total, word).to.equal(1)
    }
    for (const filter of [`license=${SECRETS.license}`, `sha256=${SHA256}`, `ext=${SECRETS.extension}`]) {
      const { body } = await ada.get(`/api/assets?${filter}&count=1`).expect(200)
      expect(body.res.total, filter).to.equal(1)
    }
    const { body: tags } = await ada.get('/api/tags?q=quix').expect(200)
    expect(tags.res.tags).to.deep.equal([{ tag: SECRETS.tag, count: 1 }])
    const { body } = await ada.get('/api/assets/suggest?q=quix').expect(200)
    expect(body.res.suggestions).to.deep.equal([
      { value: SECRETS.name, kind: 'name' },
      { value: SECRETS.tag, kind: 'tag' },
    ])
  })
})
