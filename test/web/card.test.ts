import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { cardOf } from '../../models/views/card.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { buildClient } from '../support/web.ts'

const HOUR = 3_600_000
const HOSTILE = `</title><script>"'&\u202eגלגל`
const ESCAPED = '&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;גלגל'
const PUBLIC_ORIGIN = 'https://assets.example.org'

describe('cards of pages', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser

  before(async () => {
    await buildClient()
    app = await startApp({ env: { BASE_PATH: '/kura', TRUST_PROXY: '1' } })
    ada = await signUp(app, 'ada')
  })
  after(() => app?.stop())

  /** Requests a page as a proxy that publishes the service does. */
  const open = (path: string, headers: Record<string, string> = {}) =>
    app.api
      .get(path)
      .set('Accept', 'text/html')
      .set({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'assets.example.org', ...headers })
      .expect(200)
  const upload = async (fields: Record<string, string>) => uploadAsset(ada, fields, { 'a.png': await png() })
  const linkTo = async (assetId: string, terms: object = {}) =>
    (await ada.post(`/api/assets/${assetId}/links`).send(terms).expect(201)).body.res.link
  const contentOf = (html: string, property: string) =>
    new RegExp(`property="og:${property}" content="([^"]*)"`).exec(html)?.[1]

  it('GET /a/:id – public asset, hostile texts → card with absolute addresses below BASE_PATH, escaped', async () => {
    const { id } = await upload({ name: HOSTILE, description: ` ${HOSTILE}\n two`, visibility: 'public' })
    for (const path of [`/kura/a/${id}`, `/a/${id}`]) {
      const { text } = await open(path)
      expect(text).to.contain(`<title>${ESCAPED} – Kura</title>`).and.not.to.contain('<script>')
      expect(contentOf(text, 'title')).to.equal(ESCAPED)
      expect(contentOf(text, 'description')).to.match(/^&lt;.* two$/)
      expect(contentOf(text, 'url')).to.equal(`${PUBLIC_ORIGIN}/kura/a/${id}`)
      const image = contentOf(text, 'image') ?? ''
      expect(image).to.match(new RegExp(`^${PUBLIC_ORIGIN}/kura/api/assets/${id}/images/`))
      await app.api.get(new URL(image).pathname).expect(200).expect('Content-Type', 'image/webp')
    }
  })

  it('GET /a/:id – forwarded headers of several proxies, hostile or missing ones → http or https, escaped', async () => {
    const { id } = await upload({ name: 'Oak chair', visibility: 'public' })
    const urlBy = async (proto: string, host: string) => {
      const { text } = await open(`/a/${id}`, { 'X-Forwarded-Proto': proto, 'X-Forwarded-Host': host })
      expect(text).not.to.contain('<script>').and.not.to.contain('javascript:')
      return contentOf(text, 'url')
    }
    expect(await urlBy('https, http', 'a.example:8443, b.example')).to.equal(
      `https://a.example:8443/kura/a/${id}`,
    )
    expect(await urlBy('javascript', 'a.example')).to.equal(`http://a.example/kura/a/${id}`)
    expect(await urlBy('https', '"><script>')).to.equal(`/kura/a/${id}`)
    expect(await urlBy('https', '[::1]:8080')).to.equal(`https://[::1]:8080/kura/a/${id}`)
  })

  it('GET /a/:id and /embed/:id – private, taken down or unknown asset → the page without title and picture', async () => {
    const secret = await upload({ name: 'Secret plan' })
    const taken = await upload({ name: 'Taken down', visibility: 'public' })
    await Asset.updateOne({ _id: taken.id }, { takenDownAt: new Date(), visibility: 'private', readers: [] })
    for (const page of ['a', 'embed']) {
      const { text: missing } = await open(`/${page}/${'0'.repeat(24)}`)
      expect(missing).to.contain('<title>Kura</title>').and.not.to.contain('og:')
      for (const { id } of [secret, taken]) expect((await open(`/${page}/${id}`)).text).to.equal(missing)
    }
  })

  it('GET /s/:token – open link → a card by the link; password, expired, revoked or used up → none', async () => {
    const { id } = await upload({ name: 'Shared chair' })
    const expiresAt = new Date(app.clock.now().getTime() + HOUR).toISOString()
    const plain = await linkTo(id, { expiresAt })
    const { text } = await open(`/s/${plain.token}`)
    expect(contentOf(text, 'title')).to.equal('Shared chair')
    const image = contentOf(text, 'image') ?? ''
    expect(image).to.match(new RegExp(`^${PUBLIC_ORIGIN}/kura/api/links/${plain.token}/images/`))
    await app.api.get(new URL(image).pathname).expect(200)

    const closed = await linkTo(id, { password: 'seven red lanterns' })
    const revoked = await linkTo(id)
    await ada.delete(`/api/assets/${id}/links/${revoked.id}`).expect(204)
    const usedUp = await linkTo(id, { maxDownloads: 1 })
    await app.api.get(`/api/links/${usedUp.token}/download`).expect(200)
    app.clock.advance(HOUR + 1)
    const { text: unknown } = await open(`/s/${'x'.repeat(43)}`)
    expect(unknown).to.contain('<title>Kura</title>').and.not.to.contain('og:')
    for (const { token } of [plain, closed, revoked, usedUp])
      expect((await open(`/s/${token}`)).text).to.equal(unknown)
  })

  it('cardOf – long description → 200 characters, cut between two; no picture → a small card', () => {
    const asset = { name: 'Chair', description: '🪑'.repeat(300), images: [], cover: null }
    const { tags } = cardOf({ asset, path: '/api/assets/1' } as never, '/a/1', (path) => path)
    expect(contentOf(tags, 'description')).to.equal(`${'🪑'.repeat(199)}…`)
    expect(tags).to.contain('name="twitter:card" content="summary"').and.not.to.contain('og:image')
  })
})
