import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { insertAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'
import { namesIn, uploadFurniture } from '../support/gallery.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

describe('gallery of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this)
    await uploadFurniture(await signUp(app, 'ada'))
  })
  after(() => app?.stop())

  it('/ – no account → the public assets', async () => {
    const { page, context, faults } = await app.open()
    await page.getByRole('status').getByText('1 asset').waitFor()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Oak chair']))
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
    // a search begins while one types, if the machine is slow
    await eventually(() =>
      expect(new URL(page.url()).search)
        .to.match(/q=pine(?:&|$)/)
        .and.to.contain('tag=wood'),
    )
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Pine table']))
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
      ['wood', 'woven', 'home', 'sale'],
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

  it('/ – several assets, one locked, stopped, without connection → each told, the others tried again', async () => {
    const grace = await signUp(app, 'grace')
    const inserted = []
    for (let n = 0; n < 12; n++)
      inserted.push(await insertAsset(grace.user, { name: `Part ${n}`, tags: ['part'] }))
    const [locked] = inserted
    await grace.put(`/api/assets/${locked?._id}/lock`).send({ legalHold: true }).expect(200)
    const countTagged = () => Asset.countDocuments({ owner: grace.user.id, tags: 'sale' })

    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'grace', PASSWORD)
    await page.goto(`${app.origin}/?scope=mine`)
    await page.getByRole('checkbox', { name: 'Select Part 3' }).waitFor()
    await page.getByRole('group', { name: 'Tags' }).getByRole('checkbox', { name: 'part 12' }).check()
    await page.getByRole('button', { name: 'Remove filter part' }).waitFor()
    // chosen before the browser has painted the list without the filter
    await page.evaluate(`new Promise((resolve) => {
      document.querySelector('[aria-label="Remove filter part"]').click()
      setTimeout(() => resolve(document.querySelector('[aria-label="Select Part 3"]').click()))
    })`)
    const toolbar = page.getByRole('toolbar', { name: 'Selection' })
    await toolbar.getByText('1 selected').waitFor()
    await page.keyboard.press('Control+a')
    await toolbar.getByText('12 selected').waitFor()

    let begun = 0
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route(/\/api\/assets\/[0-9a-f]{24}$/, async (route) => {
      begun++
      await released
      await route.continue()
    })
    await toolbar.getByRole('button', { name: 'Tag' }).click()
    const dialog = page.getByRole('dialog', { name: 'Tags of 12 assets' })
    await dialog.getByText('1 of them cannot be changed').waitFor()
    await dialog.getByRole('textbox', { name: 'Tags to add' }).fill('sale')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('0 of 12 assets').waitFor()
    await eventually(() => expect(begun).to.equal(4))
    await dialog.getByRole('button', { name: 'Stop' }).press('Enter')
    await dialog.getByRole('button', { name: 'Stopping' }).waitFor()
    release()
    await dialog.getByText('Stopped: 8 assets stayed as before.').waitFor()
    expect(await countTagged()).to.equal(4)

    await context.setOffline(true)
    await dialog.getByRole('button', { name: 'Try again for 8' }).click()
    await dialog.getByText('Stopped: 4 assets stayed as before.').waitFor()
    expect(await dialog.getByText('The server cannot be reached.').count()).to.equal(4)
    await context.setOffline(false)
    await dialog.getByRole('button', { name: 'Try again for 8' }).click()
    const unchanged = dialog.getByRole('list', { name: '1 asset could not be changed:' })
    await unchanged.getByText('Part 0').waitFor()
    await unchanged.getByText('The asset is locked').waitFor()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
    await dialog.waitFor({ state: 'detached' })
    expect(await countTagged()).to.equal(11)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
