import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { wholeAsset } from '../support/app/assets.ts'
import { listen } from '../support/app/http.ts'
import { keysOf } from '../support/app/state.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { obj } from '../support/data/samples.ts'

const PASSWORD = 'correct horse battery'
const NEW_PASSWORD = 'another horse battery'
const EMAIL = 'kumo@example.org'

const FILES: Record<string, [type: string, path: string]> = {
  '/': ['text/html', new URL('../support/pages/kumo.html', import.meta.url).pathname],
  '/jquery.js': ['text/javascript', createRequire(import.meta.url).resolve('jquery')],
}

/** Serves the front end from an origin of its own. */
function createPageServer(): Server {
  return createServer(async (req, res) => {
    const [type, path] = FILES[req.url ?? ''] ?? []
    if (!type || !path) return void res.writeHead(404).end()
    res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(await readFile(path))
  })
}

/** The front end of the Kumo service, in Chromium, from another origin. */
describe('jQuery front end of the Kumo service', function () {
  this.timeout(120_000)
  let browser: TestBrowser
  let server: Server
  let app: TestApp
  let page: Page

  before(async function () {
    browser = await startBrowser(this)
    server = createPageServer()
    const origin = await listen(server)
    app = await startApp({ env: { CORS_ORIGINS: origin } })
    page = await (await browser.open()).newPage()
    await page.goto(`${origin}/#${app.origin}`)
  })
  after(async () => {
    await browser?.close()
    await app?.stop()
    server?.close()
  })

  /** Fills a form, submits it and returns the message that the page shows then. */
  async function submit(form: string, fields: Record<string, string>): Promise<string> {
    for (const [name, value] of Object.entries(fields)) await page.fill(`${form} [name="${name}"]`, value)
    return messageAfter(() => page.click(`${form} button`))
  }

  async function messageAfter(action: () => Promise<unknown>): Promise<string> {
    await page.evaluate("document.querySelector('#message').textContent = ''")
    await action()
    await page.locator('#message:not(:empty)').waitFor({ state: 'attached' })
    return page.locator('#message').innerText()
  }

  const signIn = (password: string) =>
    submit('#sign-in', { 'credentials[email]': EMAIL, 'credentials[password]': password })
  const press = (button: string) => messageAfter(() => page.click(button))

  it('front end – sign up, in, upload, list, rename, download, change password, delete, sign out → all work', async () => {
    const account = { 'credentials[email]': EMAIL, 'credentials[password]': PASSWORD }
    expect(await submit('#sign-up', { ...account, 'credentials[password_confirmation]': 'other' })).to.match(
      /^422 validation_failed: .*password_confirmation must be the password again/,
    )
    const confirmed = { ...account, 'credentials[password_confirmation]': PASSWORD }
    const signedUp = await submit('#sign-up', confirmed)
    const user = await User.findOne({ email: EMAIL }).orFail().lean()
    expect(signedUp).to.equal(`signed up ${EMAIL} ${user._id}`)
    expect(await submit('#sign-up', confirmed)).to.match(/^422 taken: .*email is taken/)

    expect(await signIn('wrong password')).to.match(/^422 bad_credentials: /)
    expect(await signIn(PASSWORD)).to.equal(`signed in ${EMAIL}`)
    expect(await Session.countDocuments({ user: user._id })).to.equal(1)
    expect(await press('#list')).to.equal('listed 0')

    expect(await submit('#upload', { 'image[title]': 'Oak chair' })).to.match(/^422 validation_failed: /)
    await page.setInputFiles('#upload [type=file]', { name: 'chair.obj', mimeType: '', buffer: obj() })
    const uploaded = await submit('#upload', { 'image[title]': 'Oak chair', 'image[tag]': 'Wood, chair' })
    const id = /^uploaded (\w{24})$/.exec(uploaded)?.[1] ?? uploaded
    const asset = await wholeAsset(id)
    expect(asset).to.deep.include({ name: 'Oak chair', tags: ['wood', 'chair'], visibility: 'private' })
    expect(asset.owner.toString()).to.equal(user._id.toString())
    const [file] = asset.allFiles
    expect(await keysOf(app)).to.deep.equal([file?.key])

    const renamed = await submit('#rename', { 'collection[title]': 'Stool', 'collection[tag]': '' })
    expect(renamed).to.equal('renamed 204 nocontent')
    expect(await Asset.findById(id).lean()).to.deep.include({ name: 'Stool', tags: ['wood', 'chair'] })
    expect(await press('#list')).to.equal('listed 1')
    const item = page.locator(`#collections li[data-id="${id}"]`)
    expect(await item.innerText()).to.equal(`Stool (chair.obj, wood,chair, ${new Date().getFullYear()})`)

    const downloading = page.waitForEvent('download')
    await item.locator('a').click()
    const download = await downloading
    expect(download.suggestedFilename()).to.equal('chair.obj')
    expect(obj().equals(await readFile(await download.path()))).to.equal(true)
    expect((await Asset.findById(id).orFail()).downloads).to.equal(1)

    const passwords = { 'passwords[old]': 'wrong password', 'passwords[new]': NEW_PASSWORD }
    expect(await submit('#change-password', passwords)).to.match(/^422 bad_credentials: /)
    expect(await submit('#change-password', { ...passwords, 'passwords[old]': PASSWORD })).to.equal(
      'changed password 204',
    )
    expect(await press('#list')).to.equal('listed 1')
    expect(await press('#delete')).to.equal('deleted')
    expect(await press('#list')).to.equal('listed 0')
    expect(await Asset.findById(id)).to.equal(null)
    expect(await keysOf(app)).to.deep.equal([])

    expect(await press('#sign-out')).to.equal('signed out')
    expect(await press('#list')).to.match(/^401 unauthenticated: /)
    expect(await signIn(PASSWORD)).to.match(/^422 bad_credentials: /)
    expect(await signIn(NEW_PASSWORD)).to.equal(`signed in ${EMAIL}`)
  })
})
