import { expect } from 'chai'
import { Event } from '../../models/event.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

/** Texts that only private assets have: in the name, a tag, a file name, its extension and the description. */
const SECRETS = {
  name: 'Quixotryname',
  tag: 'quixotrytag',
  file: 'quixotryfile',
  extension: 'qxt',
  description: 'quixotrydescription',
} as const
/** What a search may repeat of its question. */
const ASKED = /"next":"[^"]*"/g

/** Returns every query that could tell of a secret: exact, beginning, inside, misspelled, in a phrase, excluded. */
function questions(): string[] {
  const words = Object.values(SECRETS).flatMap((word) => [
    ...[word, word.slice(0, 5), word.slice(3), word.replace('x', 'k'), `"${word}"`, `chair -${word}`],
  ])
  const searches = words.map((word) => `/api/assets?q=${encodeURIComponent(word)}&count=1&facets=1`)
  const suggestions = words.map((word) => `/api/assets/suggest?q=${encodeURIComponent(word)}`)
  const filters = [
    ...[
      `tag=${SECRETS.tag}`,
      `owner=ada`,
      `type=3D`,
      `media=model`,
      `visibility=private`,
      'sort=name',
      'sort=size',
    ],
    ...['minSize=0', 'maxSize=1000000', 'createdAfter=2020-01-01', `tag=chair`, 'scope=public'],
  ].map((filter) => `/api/assets?${filter}&count=1&facets=1`)
  return [...searches, ...suggestions, ...filters]
}

describe('secrets of private assets', () => {
  let app: TestApp
  let ada: TestUser
  let secret: { id: string }
  let viewers: Record<string, { get: TestUser['get']; token?: string }>

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    const fields = { name: 'Chair', visibility: 'public', tags: 'chair' }
    await uploadAsset(ada, fields)
    const { name, tag, description, file, extension } = SECRETS
    secret = await uploadAsset(
      ada,
      { name, description, tags: `${tag},chair` },
      { [`${file}.${extension}`]: Buffer.concat([obj(), Buffer.from('# 1\n')]) },
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
    const withLink = {
      get: (of: string) => app.api.get(of).set('Referer', `${app.origin}/api/links/${link}`),
    }
    await app.api.get(`/api/links/${link}`).expect(200)
    viewers = { nobody: app.api, 'another user': await signUp(app, 'other'), 'a former collaborator': former }
    viewers['the holder of a link'] = withLink
  })
  after(() => app.stop())

  for (const who of ['nobody', 'another user', 'a former collaborator', 'the holder of a link'])
    it(`GET of every search – ${who} asks for texts of a private asset → no result, total, facet or suggestion tells of it`, async () => {
      const viewer = viewers[who]
      await Promise.all(
        questions().map(async (path) => {
          const { status, body, text } = await (viewer as TestUser).get(path)
          expect(status, path).to.equal(200)
          expect(text, path).not.to.include(secret.id)
          const told = text.replace(ASKED, '').toLowerCase()
          for (const word of Object.values(SECRETS)) expect(told, path).not.to.include(word.toLowerCase())
          if (body.res.total !== undefined) expect(body.res.total, path).to.be.at.most(1)
          for (const counts of Object.values((body.res.facets ?? {}) as Record<string, { count: number }[]>))
            for (const { count } of counts) expect(count, path).to.be.at.most(1)
        }),
      )
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
    for (const word of [SECRETS.name, SECRETS.tag, SECRETS.description]) {
      const { body } = await ada.get(`/api/assets?q=${word}&count=1`).expect(200)
      expect(body.res.total, word).to.equal(1)
    }
    const { body } = await ada.get('/api/assets/suggest?q=quix').expect(200)
    expect(body.res.suggestions).to.deep.equal([
      { value: SECRETS.name, kind: 'name' },
      { value: SECRETS.tag, kind: 'tag' },
    ])
  })
})
