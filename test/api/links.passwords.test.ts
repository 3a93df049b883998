import { expect } from 'chai'
import { Attempt } from '../../models/attempt.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

/** Returns the text that Node reads from a header with the bytes of UTF-8. */
const asUtf8 = (text: string) => Buffer.from(text).toString('latin1')

const OPENS: [condition: string, password: string, header: string][] = [
  ['plain ASCII', 'open sesame', 'open sesame'],
  ['plain ASCII, encoded', 'open sesame', encodeURIComponent('open sesame')],
  ['umlauts, encoded', 'pässwörd', encodeURIComponent('pässwörd')],
  ['umlauts in Latin-1', 'pässwörd', 'pässwörd'],
  ['umlauts in UTF-8', 'pässwörd', asUtf8('pässwörd')],
  ['kana, encoded', 'ひらけゴマ', encodeURIComponent('ひらけゴマ')],
  ['kana in UTF-8', 'ひらけゴマ', asUtf8('ひらけゴマ')],
  ['emoji, encoded', '🗝️', encodeURIComponent('🗝️')],
  ['decomposed, given composed', 'cafe\u0301', encodeURIComponent('café')],
  ['composed, given decomposed', 'café', encodeURIComponent('cafe\u0301')],
  ['percent sign as it is', '100%', '100%'],
  ['percent sign, encoded', '100%', '100%25'],
  ['escape as it is', '50%25', '50%25'],
  ['blanks at the ends, encoded', ' a ', '%20a%20'],
  ['plus sign', 'a+b', 'a+b'],
  ['72 bytes, encoded', 'é'.repeat(36), encodeURIComponent('é'.repeat(36))],
]

const REFUSED: [condition: string, header: string | undefined, code: string][] = [
  ['none', undefined, 'password_required'],
  ['empty', '', 'password_required'],
  ['wrong', 'x', 'bad_credentials'],
  ['decoded twice', encodeURIComponent(encodeURIComponent('pässwörd')), 'bad_credentials'],
  ['incomplete escape', '%', 'bad_credentials'],
  ['invalid UTF-8, encoded', '%ff%fe', 'bad_credentials'],
  ['invalid UTF-8', '\xff\xfe', 'bad_credentials'],
  ['long', 'x'.repeat(8000), 'bad_credentials'],
]

describe('passwords of links', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  const make = async (password: string) => {
    const { body } = await ada.post(`/api/assets/${asset.id}/links`).send({ password }).expect(201)
    return String(body.res.link.url)
  }

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada, {}, { 'a.obj': obj() })
  })
  after(() => app.stop())
  afterEach(() => Attempt.deleteMany())

  for (const [condition, password, header] of OPENS)
    it(`GET /api/links/:token – password ${condition} → 200, no attempt counted`, async () => {
      const url = await make(password)
      for (const path of [url, `${url}/download`])
        await app.api.get(path).set('X-Link-Password', header).expect(200)
      await app.api.get(url).set('X-Link-Password', `${header}x`).expect(401)
      expect(await Attempt.find().lean())
        .to.have.length(1)
        .and.to.have.nested.property('[0].points', 1)
    })

  for (const [condition, header, code] of REFUSED)
    it(`GET /api/links/:token – password ${condition} → 401 ${code}`, async () => {
      const url = await make('pässwörd')
      for (const path of [url, `${url}/download`]) {
        const { body, headers } = await app.api
          .get(path)
          .set(header === undefined ? {} : { 'X-Link-Password': header })
          .expect(401)
        expect(body.err.code).to.equal(code)
        expect(headers['www-authenticate']).to.match(/^Bearer/)
      }
      const attempts = await Attempt.find().lean()
      expect(attempts.map(({ points }) => points)).to.deep.equal(code === 'bad_credentials' ? [2] : [])
    })

  it('GET /api/links/:token – 10 wrong passwords with two readings → each counts once, then 429', async () => {
    const url = await make('pässwörd')
    for (let n = 0; n < 10; n += 1)
      await app.api
        .get(url)
        .set('X-Link-Password', encodeURIComponent(`wörd ${n}`))
        .expect(401)
    await app.api.get(url).set('X-Link-Password', encodeURIComponent('pässwörd')).expect(429)
    await app.api.get(url).expect(401)
  })
})
