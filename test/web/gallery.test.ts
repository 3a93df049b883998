import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const namesIn = (page: Page) => page.getByRole('list', { name: 'Assets' }).getByRole('link').allTextContents()

describe('gallery of the web client', function () {
  this.timeout(60_000)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
    await uploadAsset(ada, { name: 'Oak chair', tags: 'wood', visibility: 'public' }, { 'chair.obj': obj() })
    await uploadAsset(ada, { name: 'Pine table', tags: 'wood' }, { 'table.png': await png() })
    await uploadAsset(ada, { name: 'Steel lamp', tags: 'metal' }, { 'lamp.png': await png() })
  })
  after(() => app?.stop())

  it('/ – no account → the public assets', async () => {
    const { page, context, faults } = await app.open()
    await page.getByRole('status').getByText('1 asset').waitFor()
    expect(await namesIn(page)).to.deep.equal(['Oak chair'])
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/ – search as one types, filters with counts, sort, views → address, list and back', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.getByRole('status').getByText('3 assets').waitFor()
    await page.getByRole('group', { name: 'Tags' }).getByRole('checkbox', { name: 'wood 2' }).check()
    await page.getByRole('status').getByText('2 assets').waitFor()
    expect(new URL(page.url()).search).to.equal('?tag=wood')
    await page.getByRole('combobox', { name: 'Sort' }).selectOption('Name A–Z')
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Oak chair', 'Pine table']))
    await page.getByRole('button', { name: 'List view' }).click()
    await expectAccessible(page)
    await page.getByRole('searchbox', { name: 'Search' }).pressSequentially('pine')
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Pine table']))
    expect(new URL(page.url()).search).to.contain('q=pine').and.contain('tag=wood')
    await page.goBack()
    await eventually(async () => expect(await namesIn(page)).to.have.length(2))
    await page.reload()
    expect(await page.getByRole('button', { name: 'List view' }).getAttribute('aria-pressed')).to.equal(
      'true',
    )
    await page.getByRole('button', { name: 'Grid view' }).click()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/ – several assets selected → tagged, published and deleted at the service', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    for (const name of ['Pine table', 'Steel lamp'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    const toolbar = page.getByRole('toolbar', { name: 'Selection' })
    await toolbar.getByRole('button', { name: 'Tag' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Tags to add' }).fill('Home, Sale')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    const stored = () => Asset.find({ state: 'ready' }).sort({ name: 1 }).lean()
    expect((await stored()).map(({ tags }) => tags)).to.deep.equal([
      ['wood'],
      ['wood', 'home', 'sale'],
      ['metal', 'home', 'sale'],
    ])

    await toolbar.getByRole('button', { name: 'Visibility' }).click()
    await dialog.getByRole('button', { name: 'Make public' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect((await stored()).map(({ visibility }) => visibility)).to.deep.equal(['public', 'public', 'public'])

    await toolbar.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete forever' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('status').getByText('1 asset', { exact: true }).waitFor()
    expect((await stored()).map(({ name }) => name)).to.deep.equal(['Oak chair'])
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
