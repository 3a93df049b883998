import { expect } from 'chai'
import type { Page, Route } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const DAY_MS = 86_400_000
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describe('share dialog of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
    await signUp(app, 'grace', { discoverable: true })
    await signUp(app, 'linus')
  })
  after(() => app?.stop())

  it('Share – people, visibility, links created, changed and revoked → stored', async () => {
    const asset = await uploadAsset(ada, { name: 'Chair' }, { 'a.png': await png() })
    const { page, context, faults } = await app.open()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.goto(`${app.origin}/a/${asset.id}`)
    await button(page, 'Share').click()
    const dialog = page.getByRole('dialog', { name: 'Share' })
    const stored = () => Asset.findById(asset.id).orFail().lean()

    await dialog.getByRole('textbox', { name: 'Username' }).fill('gra')
    await dialog
      .getByRole('group', { name: 'Users that match' })
      .getByRole('button', { name: 'grace' })
      .click()
    await dialog.getByRole('combobox', { name: 'Access' }).selectOption('Can change')
    await button(page, 'Add').click()
    const people = dialog.getByRole('list', { name: 'People' })
    await people.getByText('grace', { exact: true }).waitFor()
    expect((await stored()).collaborators.map(({ access }) => access)).to.deep.equal(['write'])
    await people.getByRole('combobox', { name: 'Rights of grace' }).selectOption('Can view')
    await eventually(async () => expect((await stored()).collaborators[0]?.access).to.equal('read'))
    await expectAccessible(page)
    await dialog.getByRole('textbox', { name: 'Username' }).fill('linus')
    await button(page, 'Add').click()
    await people.getByText('linus', { exact: true }).waitFor()
    // two clicks, the second one before the answer to the first
    const held: Route[] = []
    await page.route('**/collaborators/grace', (route) => void held.push(route))
    for (const name of ['grace', 'linus']) await button(page, `Remove ${name}`).click()
    await eventually(() => expect(held).to.have.length(1))
    await held[0]?.continue()
    await dialog.getByText('Not shared with anybody yet.').waitFor()
    expect((await stored()).collaborators).to.deep.equal([])

    const chosen: string[] = []
    page.on('response', async (answer) => {
      if (answer.request().method() === 'PATCH') chosen.push((await answer.json()).res.asset.visibility)
    })
    const isPublic = dialog.getByRole('switch', { name: 'Public' })
    await isPublic.click()
    await eventually(async () => expect((await stored()).visibility).to.equal('public'))
    for (let click = 0; click < 3; click++) await isPublic.click()
    await eventually(() => expect(chosen).to.deep.equal(['public', 'private', 'public', 'private']))
    expect((await stored()).visibility).to.equal('private')
    expect(await isPublic.isChecked()).to.equal(false)

    await button(page, 'Create link').click()
    const address = await dialog.getByRole('textbox', { name: 'Link' }).inputValue()
    expect(address).to.match(new RegExp(`^${app.origin}/s/[\\w-]{43}$`))
    await button(page, 'Copy').click()
    await eventually(async () =>
      expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(address),
    )
    const [first] = await Link.find({ asset: asset.id }).lean()
    expect(first).to.include({ maxDownloads: null, passwordHash: null, label: null })
    expect(Number(first?.expiresAt)).to.be.closeTo(Date.now() + 30 * DAY_MS, 60_000)

    await button(page, 'Never').click()
    await dialog.getByLabel('Password', { exact: true }).fill('señor & <b>')
    await dialog.getByLabel('Download limit').fill('2')
    await dialog.getByLabel('Label').fill('<b>printer</b>')
    await button(page, 'Create link').click()
    const list = dialog.getByRole('list', { name: 'Links' })
    await list.getByText('<b>printer</b>').waitFor()
    expect(await dialog.getByRole('textbox', { name: 'Link' }).inputValue()).not.to.equal(address)
    await expectAccessible(page)
    const second = () => Link.findOne({ asset: asset.id, label: { $ne: null } }).lean()
    expect(await second()).to.include({ maxDownloads: 2, expiresAt: null })
    expect((await second())?.passwordHash).to.be.a('string')

    await list.getByRole('button', { name: 'Change' }).first().click()
    await dialog.getByLabel('Label').fill('For the printer')
    await button(page, '7 days').click()
    await button(page, 'Save link').click()
    await list.getByText('For the printer').waitFor()
    const changed = await second()
    expect(changed).to.include({ label: 'For the printer', maxDownloads: 2 })
    expect(changed?.passwordHash).to.be.a('string')
    expect(Number(changed?.expiresAt)).to.be.closeTo(Date.now() + 7 * DAY_MS, 60_000)

    await list.getByRole('button', { name: 'Revoke' }).first().click()
    await eventually(async () => expect(await list.getByRole('listitem').count()).to.equal(1))
    expect(
      (await Link.find({ asset: asset.id, revokedAt: null }).lean()).map(({ label }) => label),
    ).to.deep.equal([null])
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
