import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

describe('/admin in the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let grace: TestUser

  before(async function () {
    app = await startWeb(this)
    await signUpAdmin(app, 'ada')
    grace = await signUp(app, 'grace')
  })
  after(() => app?.stop())

  it('/admin/* – an ordinary user → the page for missing addresses', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'grace', PASSWORD)
    for (const path of ['/admin', '/admin/users', '/admin/assets', '/admin/activity']) {
      await page.goto(app.origin + path)
      await page.getByRole('heading', { name: 'This page does not exist' }).waitFor()
    }
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/admin/users – search, limits, disable, delete → asked first, then stored', async () => {
    const linus = await signUp(app, 'linus')
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.goto(`${app.origin}/admin`)
    const table = page.getByRole('table', { name: 'Users' })
    await table.getByRole('row', { name: /grace/ }).waitFor()
    await page.getByRole('meter', { name: 'Space of the server' }).waitFor()
    await expectAccessible(page)
    // opened before the search begins, it stays open with what is typed
    await page.evaluate(`{
      const input = document.querySelector('[aria-label="Find a user"]')
      input.value = 'lin'
      input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      document.querySelector('[aria-label="Manage linus"]').click()
    }`)
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Space in GB' }).fill('a lot')
    await page.locator('tr', { hasText: 'grace' }).waitFor({ state: 'detached' })
    await page.locator('tr', { hasText: 'linus' }).waitFor({ state: 'attached' })
    await dialog.getByRole('textbox', { name: 'Space in GB' }).focus()
    await page.keyboard.press('Enter')
    await dialog.getByText('Enter a number of 0 or more.').waitFor()
    await dialog.getByRole('textbox', { name: 'Space in GB' }).fill('2.5')
    await page.keyboard.press('Enter')
    await page.getByText('Space of linus saved').waitFor()
    await table.getByText('of 2.5 GB').waitFor({ state: 'attached' })
    expect((await User.findById(linus.user.id).orFail()).space).to.include({ limit: 2.5e9 })
    await expectAccessible(page)

    const confirm = async (name: string) => {
      await dialog.getByRole('button', { name, exact: true }).press('Enter')
      const question = page.getByRole('dialog', { name: `${name}: linus` })
      await question.getByRole('button', { name, exact: true }).press('Enter')
      await question.waitFor({ state: 'detached' })
    }
    await confirm('Make administrator')
    expect(await User.findById(linus.user.id).orFail()).to.include({ access: 'admin' })
    await confirm('Disable account')
    await table.getByText('Disabled').waitFor({ state: 'attached' })
    expect(await User.findById(linus.user.id).orFail()).to.include({ disabled: true })
    expect(await Session.countDocuments({ user: linus.user.id })).to.equal(0)
    await confirm('Enable account')
    await confirm('Delete account')
    await page.getByText('No user has such a name').waitFor()
    expect(await User.countDocuments({ username: 'linus' })).to.equal(0)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/admin/assets – address of a public asset → taken down after a question; private one → not', async () => {
    const files = { 'a.png': await png() }
    const shown = await uploadAsset(grace, { name: 'Bad chair', visibility: 'public' }, files)
    const secret = await uploadAsset(grace, { name: 'Secret chair' }, files)
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.goto(`${app.origin}/admin/assets`)
    const find = async (what: string) => {
      await page.getByRole('textbox', { name: 'Address or ID of the asset' }).fill(what)
      await page.keyboard.press('Enter')
    }
    await find('a chair')
    await page.getByText('This is neither the address nor the ID of an asset.').waitFor()
    await find(secret.id)
    await page.getByText('This asset is private').waitFor()
    expect(await page.getByRole('button', { name: 'Take down' }).count()).to.equal(0)
    expect(await page.content()).to.not.contain('Secret chair')
    await find(`${app.origin}/a/${shown.id}?from=search`)
    await page.getByRole('button', { name: 'Take down' }).press('Enter')
    await expectAccessible(page)
    const question = page.getByRole('dialog', { name: 'Take this asset down?' })
    await question.getByRole('button', { name: 'Take down' }).press('Enter')
    await page.getByText('Asset taken down').waitFor()
    expect(await Asset.countDocuments({ _id: shown.id, state: 'ready' })).to.equal(0)
    expect(await Asset.countDocuments({ _id: secret.id, state: 'ready' })).to.equal(1)

    await page.getByRole('link', { name: 'Activity' }).press('Enter')
    await page.getByRole('list', { name: 'Activity' }).getByText('Public asset taken down · ada').waitFor()
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
