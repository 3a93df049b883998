import { expect } from 'chai'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const PASSWORD = 'seven red lanterns'

describe('accounts in the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this)
  })
  after(() => app?.stop())

  it('/register – form → account, session and the gallery; account menu → signed out at the service', async () => {
    const { page, context, faults } = await app.open('/register')
    await expectAccessible(page)
    await page.getByRole('textbox', { name: 'Username' }).fill('grace')
    await page.getByLabel('Password', { exact: true }).fill('short')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('alert').filter({ hasText: '8' }).waitFor()
    expect(await User.countDocuments({ username: 'grace' })).to.equal(0)

    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('button', { name: 'Account menu' }).click()
    expect(new URL(page.url()).pathname).to.equal('/')
    const user = await User.findOne({ username: 'grace' }).orFail()
    expect(await Session.countDocuments({ user: user._id })).to.equal(1)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    const token = 'sessionStorage.getItem("kura.session") ?? localStorage.getItem("kura.session")'
    // the gallery is opened as a new document
    await eventually(async () => expect(await page.evaluate(token)).to.equal(null))
    expect(await Session.countDocuments({ user: user._id })).to.equal(0)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/sign-in – wrong password → told; right one → signed in, in other windows only if kept', async () => {
    await app.api.post('/api/auth/register').send({ username: 'linus', password: PASSWORD }).expect(201)
    const { page, context, faults } = await app.open('/sign-in')
    await expectAccessible(page)
    await page.getByRole('textbox', { name: 'Username or email' }).fill('linus')
    await page.getByLabel('Password', { exact: true }).fill('wrong password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').waitFor()

    await signInBy(page, app.origin, 'linus', PASSWORD)
    await page.reload()
    await page.getByRole('button', { name: 'Account menu' }).waitFor()
    const other = await context.newPage()
    await other.goto(app.origin)
    await other.getByRole('link', { name: 'Sign in' }).waitFor()

    await page.goto(`${app.origin}/sign-in`)
    await page.getByRole('textbox', { name: 'Username or email' }).fill('linus')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('checkbox', { name: 'Keep me signed in' }).check()
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await other.getByRole('button', { name: 'Account menu' }).waitFor()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('any page – session has ended → asked to sign in, then the request goes on', async () => {
    await app.api.post('/api/auth/register').send({ username: 'edsger', password: PASSWORD }).expect(201)
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'edsger', PASSWORD)
    await page.getByRole('heading', { name: 'Your collection starts here' }).waitFor()
    // no request but the search must meet the end of the session
    await page.getByRole('status').getByText('0 assets').waitFor()
    await Session.deleteMany({})
    await page.getByRole('searchbox', { name: 'Search' }).fill('oak')
    const dialog = page.getByRole('dialog', { name: 'Sign in to go on' })
    await dialog.waitFor()
    await expectAccessible(page)
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor()
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).to.equal('oak')
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
