import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Link } from '../../models/link.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { BROWSER_TEST_MS, expectAccessible, startWeb, type WebApp } from '../support/web.ts'

const WRONG = 'seven blue lanterns'
const RIGHT = 'señor, 7 red lanterns'
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'

async function download(page: Page, start: () => Promise<void>): Promise<{ name: string; sha256: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), start()])
  const sha256 = createHash('sha256')
    .update(await readFile(await file.path()))
    .digest('hex')
  return { name: file.suggestedFilename(), sha256 }
}

describe('pages for people without an account', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
  })
  after(() => app?.stop())

  const linkTo = async (assetId: string, body: object = {}) =>
    (await ada.post(`/api/assets/${assetId}/links`).send(body).expect(201)).body.res.link as {
      id: string
      token: string
    }
  const downloadsOf = async ({ id }: { id: string }) => (await Link.findById(id).orFail().lean()).downloads

  it('/s/:token – password: wrong, right, view, download → same bytes; hostile text does not run', async () => {
    const bytes = await png()
    const asset = await uploadAsset(ada, { name: HOSTILE, description: HOSTILE }, { 'chair.png': bytes })
    const link = await linkTo(asset.id, { password: RIGHT })
    const { page, context, faults } = await app.open(`/s/${link.token}`)
    await page.getByLabel('Password', { exact: true }).fill(WRONG)
    await page.keyboard.press('Enter')
    await page.getByText('This password is wrong.').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Password', { exact: true }).fill(RIGHT)
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: HOSTILE }).waitFor()
    await page.getByRole('region', { name: 'Viewer' }).locator('img').waitFor()
    expect(await downloadsOf(link)).to.equal(0)
    await expectAccessible(page)
    const saved = await download(page, () =>
      page.getByRole('link', { name: 'Download', exact: true }).click(),
    )
    expect(saved).to.deep.equal({ name: 'chair.png', sha256: asset.files[0]?.sha256 })
    expect(await downloadsOf(link)).to.equal(1)
    await page.getByRole('button', { name: /^View/ }).click()
    await page.getByRole('region', { name: 'Viewer' }).locator('img').waitFor()
    expect(await page.title()).to.contain(HOSTILE)
    // the password is nowhere but in the memory of the page
    expect(
      await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])'),
    ).not.to.contain('lanterns')
    await page.reload()
    await page.getByRole('button', { name: 'Open', exact: true }).waitFor()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/s/:token – several files, download limit → nothing used by looking, zip, then ended', async () => {
    const asset = await uploadAsset(
      ada,
      { name: 'Pack' },
      { 'one.txt': Buffer.from('one'), 'two.txt': Buffer.from('two') },
    )
    const link = await linkTo(asset.id, { maxDownloads: 1 })
    const { page, context, faults } = await app.open(`/s/${link.token}`)
    await page.getByRole('list', { name: 'Files' }).getByText('two.txt', { exact: true }).waitFor()
    await expectAccessible(page)
    expect(await downloadsOf(link)).to.equal(0)
    const saved = await download(page, () =>
      page.getByRole('link', { name: 'Download', exact: true }).click(),
    )
    expect(saved.name).to.equal('Pack.zip')
    expect(await downloadsOf(link)).to.equal(1)
    await page.reload()
    await page.getByText('This link has ended').waitFor()
    await expectAccessible(page)

    const revoked = await linkTo(asset.id)
    await ada.delete(`/api/assets/${asset.id}/links/${revoked.id}`).expect(204)
    await page.goto(`${app.origin}/s/${revoked.token}`)
    await page.getByText('This link has ended').waitFor()
    await page.goto(`${app.origin}/s/${'x'.repeat(43)}`)
    await page.getByText('This link does not exist').waitFor()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/s/:token – 10 wrong passwords → told to wait', async () => {
    const asset = await uploadAsset(ada, { name: 'Closed' })
    const link = await linkTo(asset.id, { password: RIGHT })
    for (let attempt = 0; attempt < 10; attempt++)
      await app.api.get(`/api/links/${link.token}`).set('X-Link-Password', WRONG)
    const { page, context } = await app.open(`/s/${link.token}`)
    await page.getByLabel('Password', { exact: true }).fill(RIGHT)
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText('Too many wrong passwords').waitFor()
    await context.close()
  })

  it('/embed/:id – frame of another origin, storage forbidden → viewer, name, link; private asset → told', async () => {
    const shown = await uploadAsset(ada, { name: HOSTILE, visibility: 'public' }, { 'a.png': await png() })
    const secret = await uploadAsset(ada, { name: 'Secret' }, { 'a.png': await png() })
    const host = createServer((_req, res) =>
      res.setHeader('Content-Type', 'text/html').end(`<title>Host</title>
        <iframe title="shown" src="${app.origin}/embed/${shown.id}"></iframe>`),
    )
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = host.address() as AddressInfo
      const { page, context, faults } = await app.open(`http://localhost:${port}/`)
      const inside = page.frameLocator('iframe').first()
      await inside.getByRole('region', { name: 'Viewer' }).locator('img').waitFor()
      await inside.getByRole('heading', { level: 1, name: HOSTILE }).waitFor()
      expect(await inside.getByRole('link', { name: 'Open in Kura' }).getAttribute('href')).to.equal(
        `/a/${shown.id}`,
      )
      expect(await inside.getByRole('searchbox').count()).to.equal(0)
      expect(faults).to.deep.equal([])
      await page.goto(`${app.origin}/embed/${shown.id}`)
      await page.getByRole('region', { name: 'Viewer' }).locator('img').waitFor()
      await expectAccessible(page)
      await page.goto(`${app.origin}/embed/${secret.id}`)
      await page.getByText('This asset does not exist').waitFor()
      await expectAccessible(page)
      expect(faults).to.deep.equal([])
      await context.close()
    } finally {
      host.close()
    }
  })
})
