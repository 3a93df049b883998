import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { tabTo, walkDialog } from '../support/keyboard.ts'
import { BROWSER_TEST_MS, expectAccessible, startWeb, type WebApp } from '../support/web.ts'

const LINK_PASSWORD = 'seven red lanterns'
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const textbox = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const password = (page: Page, name = 'Password') => page.getByLabel(name, { exact: true })

/** Nothing here uses a pointer: every element is reached by Tab, and `tabTo` checks the focus at each on the way. */
describe('keyboard alone in the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUpAdmin(app, 'ada')
    await signUp(app, 'grace')
    await uploadAsset(ada, { name: 'Oak chair', tags: 'wood' }, { 'chair.obj': obj() })
    await uploadAsset(ada, { name: 'Steel lamp', tags: 'metal' }, { 'a.png': await png() })
  })
  after(() => app?.stop())

  /** Signs in by the form, and waits for the gallery. */
  async function signIn(page: Page): Promise<void> {
    await tabTo(page, textbox(page, 'Username or email'))
    await page.keyboard.type('ada')
    await tabTo(page, password(page))
    await page.keyboard.type(PASSWORD)
    await tabTo(page, page.getByRole('checkbox', { name: 'Keep me signed in' }))
    await page.keyboard.press('Space')
    await tabTo(page, button(page, 'Sign in'))
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'Select Steel lamp' }).waitFor()
  }

  it('Tab – from sign-in over search, filters, selection and the dialogs of an asset → focus seen at each, kept in dialogs, given back', async () => {
    const { page, context, faults } = await app.open('/sign-in')
    await signIn(page)

    const box = page.getByRole('searchbox', { name: 'Search' })
    await tabTo(page, box, 'Shift+Tab')
    await page.keyboard.type('chair')
    await page.getByRole('option', { name: 'Oak chair' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    await page.getByRole('listbox').waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await eventually(() => expect(new URL(page.url()).search).to.equal(''))

    const wood = page.getByRole('group', { name: 'Tags' }).getByRole('checkbox', { name: /^wood/ })
    await tabTo(page, wood)
    await page.keyboard.press('Space')
    await eventually(() => expect(new URL(page.url()).search).to.equal('?tag=wood'))
    await page.getByRole('checkbox', { name: 'Select Steel lamp' }).waitFor({ state: 'detached' })
    await tabTo(page, button(page, 'Remove filter wood'))
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'Select Steel lamp' }).waitFor()

    await tabTo(page, page.getByRole('checkbox', { name: 'Select Oak chair' }))
    await page.keyboard.press('Space')
    const toolbar = page.getByRole('toolbar', { name: 'Selection' })
    for (const name of ['Tag', 'Visibility', 'Delete']) {
      const opener = toolbar.getByRole('button', { name, exact: true })
      await tabTo(page, opener, name === 'Tag' ? 'Shift+Tab' : 'Tab')
      await walkDialog(page, opener)
    }
    await tabTo(page, toolbar.getByRole('button', { name: 'Tag', exact: true }), 'Shift+Tab')
    await page.keyboard.press('Enter')
    await tabTo(page, textbox(page, 'Tags to add'))
    await page.keyboard.type('sale')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await Asset.findOne({ name: 'Oak chair' }).orFail()).tags).to.deep.equal(['wood', 'sale'])

    const chair = page.getByRole('link', { name: 'Oak chair', exact: true })
    await tabTo(page, chair)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Oak chair' }).waitFor()
    await page.getByRole('region', { name: 'Viewer' }).locator('canvas').waitFor()
    await page.getByRole('link', { name: 'Download', exact: true }).waitFor()
    for (const name of ['Edit', 'Share', 'Replace files', 'Lock', 'Delete']) {
      await tabTo(page, button(page, name))
      await walkDialog(page, button(page, name))
    }
    await tabTo(page, page.getByRole('tab', { name: 'Files' }))
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tabpanel', { name: 'Details' }).waitFor()
    await tabTo(page, button(page, 'Edit'), 'Shift+Tab')
    await page.keyboard.press('Enter')
    await tabTo(page, textbox(page, 'Name'))
    await page.keyboard.press('Control+a')
    await page.keyboard.type('Oak stool')
    await tabTo(page, button(page, 'Save'))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Oak stool' }).waitFor()
    expect(await Asset.countDocuments({ name: 'Oak stool' })).to.equal(1)
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await tabTo(page, button(page, 'Delete'))
    await page.keyboard.press('Enter')
    await tabTo(page, button(page, 'Delete forever'))
    await page.keyboard.press('Enter')
    await eventually(async () => expect(await Asset.countDocuments({ name: 'Oak stool' })).to.equal(0))
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('Tab – register, upload, account, link with a password, administration → focus seen at each', async () => {
    const { page, context, faults } = await app.open('/register')
    // asked for long before it is needed: Chromium shows no dialog only once it knows that somebody listens
    page.on('filechooser', (chooser) =>
      chooser.setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Notes') }),
    )
    await tabTo(page, textbox(page, 'Username'))
    await page.keyboard.type('linus')
    await tabTo(page, password(page))
    await page.keyboard.type(PASSWORD)
    await tabTo(page, button(page, 'Create account'))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your collection starts here' }).waitFor()

    await tabTo(page, page.getByRole('link', { name: 'Upload', exact: true }), 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Upload' }).waitFor()
    await tabTo(page, page.getByLabel('Choose files'))
    await page.keyboard.press('Enter')
    const uploads = page.getByRole('list', { name: 'Uploads' })
    await tabTo(page, uploads.getByRole('link', { name: 'notes.txt' }))
    await tabTo(page, button(page, 'Clear finished'), 'Shift+Tab')
    await page.keyboard.press('Enter')
    await uploads.waitFor({ state: 'detached' })

    await page.goto(`${app.origin}/account`)
    await page
      .getByRole('list', { name: 'Activity' })
      .getByText('Signed')
      .or(page.getByText('Account created'))
      .first()
      .waitFor()
    await page.getByRole('list', { name: 'Sessions' }).getByText('This device').waitFor()
    await tabTo(page, textbox(page, 'Email'))
    await tabTo(page, page.getByRole('switch', { name: 'Other users can find me' }))
    await page.keyboard.press('Space')
    await tabTo(page, button(page, 'Save'))
    await page.keyboard.press('Enter')
    await page.getByText('Profile saved').waitFor()
    expect(await User.findOne({ username: 'linus' }).orFail()).to.include({ discoverable: true })
    await tabTo(page, password(page, 'New password'))
    await tabTo(page, button(page, 'Delete account…'))
    await walkDialog(page, button(page, 'Delete account…'))
    const menu = button(page, 'Account menu')
    await tabTo(page, menu, 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    expect(await menu.evaluate((one) => one === one.ownerDocument.activeElement)).to.equal(true)
    await tabTo(page, button(page, 'Sign out'))
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    await page.waitForURL(`${app.origin}/`)

    const asset = await uploadAsset(ada, { name: 'Shared lamp' }, { 'a.png': await png() })
    const { body } = await ada
      .post(`/api/assets/${asset.id}/links`)
      .send({ password: LINK_PASSWORD })
      .expect(201)
    await page.goto(`${app.origin}/s/${body.res.link.token}`)
    await tabTo(page, password(page))
    await page.keyboard.type(LINK_PASSWORD)
    await page.keyboard.press('Enter')
    const heading = page.getByRole('heading', { level: 1, name: 'Shared lamp' })
    await heading.waitFor()
    await eventually(async () =>
      expect(await heading.evaluate((one) => one === one.ownerDocument.activeElement)).to.equal(true),
    )
    await tabTo(page, page.getByRole('link', { name: 'Download', exact: true }))
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect(download.suggestedFilename()).to.equal('a.png')

    await page.goto(`${app.origin}/sign-in`)
    await signIn(page)
    await page.goto(`${app.origin}/admin/users`)
    await button(page, 'Manage grace').waitFor()
    await tabTo(page, page.getByRole('searchbox', { name: 'Find a user' }))
    await tabTo(page, button(page, 'Manage grace'))
    await walkDialog(page, button(page, 'Manage grace'))
    await page.goto(`${app.origin}/nothing`)
    await tabTo(page, page.getByRole('link', { name: 'Go to the assets' }))
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
