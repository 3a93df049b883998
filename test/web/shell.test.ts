import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, signUpAdmin } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const FOCUSED = 'document.activeElement.textContent'
/** Scrolls, and waits until the page knows it. */
const SCROLL = `new Promise((resolve) => {
  addEventListener('scroll', () => resolve(), { once: true })
  scrollTo(0, 300)
})`

/** Waits until an expression is true in the page. `waitForFunction` would need `eval`, which the policy forbids. */
const waitUntil = (page: Page, expression: string) =>
  eventually(async () => expect(await page.evaluate(expression), expression).to.equal(true))
const scheme = (page: Page) => page.evaluate('getComputedStyle(document.documentElement).colorScheme')

describe('frame of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this)
  })
  after(() => app?.stop())

  it('theme – chosen in the menu → kept after a reload and in other windows; System → as the system', async () => {
    const { page, context, faults } = await app.open()
    const other = await context.newPage()
    await other.goto(app.origin)
    await page.getByRole('button', { name: 'Theme' }).press('Enter')
    await page.getByRole('button', { name: 'Dark' }).press('Enter')
    expect(await scheme(page)).to.equal('dark')
    await waitUntil(other, 'document.documentElement.dataset.theme === "dark"')
    await page.reload()
    expect(await scheme(page)).to.equal('dark')
    await page.getByRole('button', { name: 'Theme' }).press('Enter')
    expect(await page.getByRole('button', { name: 'Dark' }).getAttribute('aria-pressed')).to.equal('true')
    await page.getByRole('button', { name: 'System' }).press('Enter')
    expect(await scheme(page)).to.equal('light dark')
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('pages – followed and gone back → focus on the heading, title, scroll position; ? → list of keys', async () => {
    const ada = await signUp(app, 'ada')
    for (let n = 0; n < 24; n++) await uploadAsset(ada, { name: `Chair ${n}` }, { 'a.obj': obj() })
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.getByRole('link', { name: 'Chair 23' }).waitFor()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await help.getByText('Show this list').waitFor()
    await page.keyboard.press('Escape')
    await help.waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Account menu' }).press('Enter')
    await page.getByRole('meter', { name: 'Space used' }).waitFor()
    await expectAccessible(page)
    await page.evaluate(SCROLL)
    await page.getByRole('link', { name: 'Account', exact: true }).press('Enter')
    await waitUntil(page, 'document.title === "Account – Kura" && scrollY === 0')
    expect(await page.evaluate(FOCUSED)).to.equal('Account')
    await page.goBack()
    await waitUntil(page, 'document.title === "Kura" && scrollY === 300')
    expect(await page.evaluate(FOCUSED)).to.equal('Assets')
    expect(faults).to.deep.equal([])
    await context.close()
  })
})

describe('web client below BASE_PATH', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this, { env: { BASE_PATH: '/kura' } })
  })
  after(() => app?.stop())

  it('/kura/* – every page, by links and by its address → stays below /kura, no request elsewhere', async () => {
    const ada = await signUpAdmin(app, 'ada')
    const asset = await uploadAsset(ada, { name: 'Oak chair', visibility: 'public' }, { 'a.obj': obj() })
    const base = `${app.origin}/kura`
    const { page, context, faults } = await app.open(`${base}/account`)
    const outside: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(`${base}/`) && !/^(?:blob|data):/.test(request.url()))
        outside.push(request.url())
    })
    await page.waitForURL(`${base}/sign-in?next=%2Fkura%2Faccount`)
    await page.getByRole('textbox', { name: 'Username or email' }).fill('ada')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Account', exact: true, level: 1 }).waitFor()
    await page.getByRole('link', { name: 'Kura' }).click()
    await page.getByRole('link', { name: 'Oak chair' }).click()
    await page.getByRole('heading', { name: 'Oak chair', level: 1 }).waitFor()
    expect(page.url()).to.equal(`${base}/a/${asset.id}`)
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('link', { name: 'Administration' }).click()
    await page.getByRole('table', { name: 'Users' }).getByText('ada').first().waitFor()
    for (const [path, heading] of [
      ['/admin', 'Administration'],
      ['/admin/assets', 'Administration'],
      ['/admin/activity', 'Administration'],
      ['/register', 'Create your account'],
      ['/sign-in', 'Welcome back'],
      ['/trash', 'This page does not exist'],
    ] as const) {
      const answer = await page.goto(base + path)
      expect(answer?.status(), path).to.equal(path === '/trash' ? 404 : 200)
      await page.getByRole('heading', { name: heading }).waitFor()
    }
    await page.goto(`${base}/account`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    await page.waitForURL(`${base}/`)
    expect(outside).to.deep.equal([])
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
