import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { obj, png } from '../support/data/samples.ts'

describe('/docs in Chromium', function () {
  this.timeout(120_000)
  let app: TestApp
  let browser: TestBrowser
  let ada: TestUser
  let folder: string

  before(async function () {
    browser = await startBrowser(this)
    app = await startApp({ env: { BASE_PATH: '/kura' } })
    ada = await signUp(app, 'ada')
    folder = await mkdtemp(join(tmpdir(), 'kura-docs-'))
    await writeFile(join(folder, 'chair.obj'), obj())
    await writeFile(join(folder, 'legs.obj'), obj())
    await writeFile(join(folder, 'chair.png'), await png())
  })
  after(async () => {
    await browser?.close()
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** Opens the page, which takes seconds, and signs in there. */
  const openDocs = async (path: string): Promise<Page> => {
    const page = await (await browser.open()).newPage()
    await page.goto(`${app.origin}${path}`)
    await page.locator('.btn.authorize').first().click()
    await page.locator('.auth-container input').first().fill(ada.token)
    await page.locator('.auth-btn-wrapper .authorize').first().click()
    await page.locator('.auth-btn-wrapper .btn-done').first().click()
    return page
  }

  /** Opens the form of an operation. */
  const openForm = async (page: Page, tag: string, operationId: string) => {
    const form = page.locator(`#operations-${tag}-${operationId}`)
    await form.locator('.opblock-summary-control').click()
    await form.locator('.try-out__btn').click()
    const field = (name: string) =>
      form.locator(`tr[data-property-name="${name}"], tr[data-param-name="${name}"]`)
    return {
      form,
      field,
      addTo: (name: string) => field(name).locator('.json-schema-form-item-add').click(),
      /** Sends the request. Returns the status of the answer, which the page shows. */
      async send() {
        const answered = page.waitForResponse((answer) => !/\/(docs|openapi)/.test(answer.url()))
        await form.locator('.execute').click()
        const status = (await answered).status()
        await form.locator('.live-responses-table .response-col_status', { hasText: `${status}` }).waitFor()
        return status
      },
    }
  }

  const file = (name: string) => join(folder, name)
  const stored = () => Asset.findOne().sort({ _id: -1 }).orFail().lean()

  it('Try it out of createAsset – one file, nothing else; then two files, a preview image and fields → all stored', async () => {
    const page = await openDocs('/kura/docs')
    const { field, addTo, send } = await openForm(page, 'Assets', 'createAsset')
    await field('files').locator('input[type=file]').setInputFiles(file('chair.obj'))
    expect(await send()).to.equal(201)
    const { name, tags, description, ...first } = await stored()
    expect({ name, files: first.files.length, images: first.images, tags, description }).to.deep.equal({
      name: 'chair.obj',
      files: 1,
      images: [],
      tags: [],
      description: '',
    })
    expect(first.files[0]?.size).to.equal(obj().length)

    for (const list of ['files', 'images', 'tags']) await addTo(list)
    await field('files').locator('input[type=file]').nth(1).setInputFiles(file('legs.obj'))
    await field('images').locator('input[type=file]').setInputFiles(file('chair.png'))
    await field('tags').locator('input[type=text]').fill('wood')
    await field('name').locator('input[type=text]').fill('Oak chair')
    await field('visibility').locator('select').selectOption('public')
    expect(await send()).to.equal(201)
    const { files, images, ...asset } = await stored()
    expect(asset)
      .to.include({ name: 'Oak chair', visibility: 'public' })
      .and.to.have.deep.property('tags', ['wood'])
    expect(files.map((one) => one.name)).to.deep.equal(['chair.obj', 'legs.obj'])
    expect(images).to.have.length(1)
  })

  it('Try it out of createFormerImage and uploadFile – file chosen → stored', async () => {
    const page = await openDocs('/docs/')
    const image = await openForm(page, 'Compatibility', 'createFormerImage')
    await image.field('image').locator('input[type=file]').setInputFiles(file('chair.png'))
    expect(await image.send()).to.equal(201)
    expect(await stored()).to.include({ name: 'chair.png', media: 'image' })
    const raw = await openForm(page, 'Files', 'uploadFile')
    await raw.field('filename').locator('input').fill('legs.obj')
    await raw.form.locator('.opblock-section-request-body input[type=file]').setInputFiles(file('legs.obj'))
    expect(await raw.send()).to.equal(201)
    expect(await stored()).to.include({ name: 'legs.obj', size: obj().length })
  })
})
