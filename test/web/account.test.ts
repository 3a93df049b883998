import { expect } from 'chai'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const NEW_PASSWORD = 'eight green lanterns'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1'

describe('/account in the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this)
  })
  after(() => app?.stop())

  const register = async (username: string, fields = {}) =>
    (
      await app.api
        .post('/api/auth/register')
        .send({ username, password: PASSWORD, ...fields })
        .expect(201)
    ).body.res.user
  const signIn = (login: string) =>
    app.api.post('/api/auth/login').set('User-Agent', SAFARI).send({ login, password: PASSWORD }).expect(200)

  it('/account – without a session → sign-in, then back; profile → stored, taken email told beside the field', async () => {
    await register('grace', { email: 'grace@example.org' })
    const user = await register('ada')
    const { page, context, faults } = await app.open('/account')
    await page.waitForURL('**/sign-in?next=%2Faccount')
    await page.getByRole('textbox', { name: 'Username or email' }).fill('ada')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    const heading = page.getByRole('heading', { name: 'Account', exact: true, level: 1 })
    await heading.waitFor()
    expect(await page.title()).to.equal('Account – Kura')
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('Account')
    await page.getByRole('list', { name: 'Sessions' }).getByText('This device').waitFor()
    await page.getByRole('meter', { name: 'Space used' }).waitFor()
    await page.getByRole('list', { name: 'Activity' }).getByText('Signed in').first().waitFor()
    await expectAccessible(page)

    await page.getByRole('textbox', { name: 'Email' }).fill('grace@example.org')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('Another account has this already.').waitFor()
    expect(await page.getByRole('textbox', { name: 'Email' }).getAttribute('aria-invalid')).to.equal('true')
    await page.getByRole('textbox', { name: 'Email' }).fill('ada@example.org')
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada Lovelace')
    await page.getByRole('switch', { name: 'Other users can find me' }).press('Space')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('Profile saved').waitFor()
    const stored = await User.findById(user.id).orFail()
    expect(stored).to.include({ name: 'Ada Lovelace', email: 'ada@example.org', discoverable: true })
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/account – sessions and password → others end; wrong and weak passwords told beside their fields', async () => {
    const user = await register('linus')
    for (let count = 0; count < 3; count++) await signIn('linus')
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'linus', PASSWORD)
    await page.getByRole('button', { name: 'Account menu' }).press('Enter')
    await page.getByRole('link', { name: 'Account', exact: true }).press('Enter')
    const sessions = page.getByRole('list', { name: 'Sessions' })
    await sessions.getByText('Safari on iPhone').first().waitFor()
    const end = sessions.getByRole('button', { name: 'End' })
    expect(await end.count()).to.equal(4)
    await end.first().press('Enter')
    await page.getByText('Session ended', { exact: true }).waitFor()
    expect(await Session.countDocuments({ user: user.id })).to.equal(4)
    await page.getByRole('button', { name: 'End all others' }).press('Enter')
    await page.getByText('3 sessions ended').waitFor()
    expect(await Session.countDocuments({ user: user.id })).to.equal(1)

    await signIn('linus')
    const change = async (current: string, next: string) => {
      await page.getByLabel('Current password', { exact: true }).fill(current)
      await page.getByLabel('New password', { exact: true }).fill(next)
      await page.getByRole('button', { name: 'Change password' }).press('Enter')
    }
    await change('wrong password', NEW_PASSWORD)
    await page.getByText('The password is wrong.').waitFor()
    expect(await page.getByLabel('Current password', { exact: true }).getAttribute('aria-invalid')).to.equal(
      'true',
    )
    await change(PASSWORD, 'short')
    await page.getByText(/^Must .* 8/).waitFor()
    expect(await page.getByLabel('New password', { exact: true }).getAttribute('aria-invalid')).to.equal(
      'true',
    )
    await change(PASSWORD, NEW_PASSWORD)
    await page.getByText('Password changed. All other devices are signed out.').waitFor()
    expect(await Session.countDocuments({ user: user.id })).to.equal(1)
    await app.api.post('/api/auth/login').send({ login: 'linus', password: NEW_PASSWORD }).expect(200)
    await page.getByRole('list', { name: 'Activity' }).getByText('Wrong current password').waitFor()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/account – delete account → only with username and password, not while an asset is locked', async () => {
    const edsger = await signUp(app, 'edsger')
    const asset = await uploadAsset(edsger, { name: 'Chair' }, { 'a.png': await png() })
    await edsger.put(`/api/assets/${asset.id}/lock`).send({ legalHold: true }).expect(200)
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'edsger', PASSWORD)
    await page.goto(`${app.origin}/account`)
    await page.getByRole('button', { name: 'Delete account…' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Delete account' })
    await dialog.getByText('all your assets, with 1 file').waitFor()
    await expectAccessible(page)
    const confirm = async (username: string, password: string) => {
      await dialog.getByRole('textbox', { name: 'Type edsger to confirm' }).fill(username)
      await dialog.getByLabel('Password', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
    }
    await confirm('grace', PASSWORD)
    await dialog.getByText('This is not your username.').waitFor()
    await confirm('edsger', 'wrong password')
    await dialog.getByText('The password is wrong.').waitFor()
    await confirm('edsger', PASSWORD)
    await dialog.getByText('locked').first().waitFor()
    expect(await User.countDocuments({ username: 'edsger' })).to.equal(1)
    await edsger.delete(`/api/assets/${asset.id}/lock`).expect(204)
    await confirm('edsger', PASSWORD)
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    expect(await User.countDocuments({ username: 'edsger' })).to.equal(0)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/account – sign out in one window → others of the session too, with nothing of the account left', async () => {
    const barbara = await signUp(app, 'barbara')
    await uploadAsset(barbara, { name: 'Secret chair' }, { 'a.png': await png() })
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'barbara', PASSWORD)
    await page.getByRole('link', { name: 'Secret chair' }).waitFor()
    // a duplicated window has a copy of the session storage
    const [other] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate('void window.open(location.href)'),
    ])
    await other.getByRole('link', { name: 'Secret chair' }).waitFor()
    await page.goto(`${app.origin}/account`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    for (const window of [page, other]) {
      await window.getByRole('link', { name: 'Sign in' }).waitFor()
      await window.getByRole('heading', { name: 'Nothing is public yet' }).waitFor()
      // the page is opened as a new document
      await eventually(async () => {
        expect(await window.content()).to.not.contain('Secret chair')
        expect(
          await window.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])'),
        ).to.not.contain('token')
      })
    }
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/account – session ended, another account signs in → what waited is not sent as that account', async () => {
    await register('donald')
    const other = await register('alan')
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'donald', PASSWORD)
    await page.goto(`${app.origin}/account`)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Donald Knuth')
    // no other request must meet the end of the session
    await page.getByRole('list', { name: 'Sessions' }).getByText('This device').waitFor()
    await page.getByRole('list', { name: 'Activity' }).getByText('Signed in').first().waitFor()
    await page.getByText(/^0 .* of /).waitFor()
    await Session.deleteMany({})
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in to go on' })
    await dialog.getByRole('textbox', { name: 'Username or email' }).fill('alan')
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${app.origin}/`)
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByText('alan', { exact: true }).waitFor()
    expect(await User.findById(other.id).orFail()).to.include({ name: null })
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
