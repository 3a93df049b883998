import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Route } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { PASSWORD, signUp } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'
import { fileOf, isFinished, rowOf } from '../support/upload-page.ts'
import { BROWSER_TEST_MS, signInBy, startWeb, type WebApp } from '../support/web.ts'

const MAX_FILES = 1000
const refusal = (code: string) => ({ msg: 'ERROR', err: { code, message: code, requestId: '1' } })

describe('failed uploads of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let folder: string

  before(async function () {
    app = await startWeb(this)
    await signUp(app, 'ada')
    folder = join(await mkdtemp(join(tmpdir(), 'kura-folder-')), 'Textures')
    await mkdir(folder)
    for (let n = 0; n <= MAX_FILES; n++) await writeFile(join(folder, `${n}.txt`), String(n))
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(join(folder, '..'), { recursive: true, force: true })
  })

  const open = async () => {
    const opened = await app.open()
    await signInBy(opened.page, app.origin, 'ada', PASSWORD)
    await opened.page.goto(`${app.origin}/upload`)
    return opened
  }

  it('/upload – long name, no space, server busy, session ended in the middle → each told, all uploaded in the end', async () => {
    const { page, context, faults } = await open()
    const long = `${'é'.repeat(150)}.txt`
    const held: Route[] = []
    await page.route('**/api/files/full.txt', (route) =>
      route.fulfill({ status: 507, json: refusal('space_exceeded') }),
    )
    await page.route('**/api/files/busy.txt', (route) =>
      route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, json: refusal('unavailable') }),
    )
    await page.route('**/api/files/late.txt', (route) => void held.push(route), { times: 1 })
    const names = ['full.txt', 'busy.txt', long, 'late.txt']
    await page.getByLabel('Choose files').setInputFiles(names.map((name) => fileOf(name, Buffer.from(name))))
    await rowOf(page, 'busy.txt')
      .getByText(/Tries again in \d+ s\./)
      .waitFor()
    await page.unroute('**/api/files/busy.txt')
    await rowOf(page, 'full.txt').getByText('Your space is full. Delete assets').waitFor()
    for (const name of ['busy.txt', long]) await isFinished(page, name)
    await eventually(async () => expect(held).to.have.length(1))
    await Session.deleteMany({})
    await held[0]?.continue()
    const dialog = page.getByRole('dialog', { name: 'Sign in to go on' })
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await isFinished(page, 'late.txt')
    await page.unroute('**/api/files/full.txt')
    await page.getByRole('button', { name: 'Retry all' }).click()
    await isFinished(page, 'full.txt')
    const assets = await Asset.find({ state: 'ready' }).lean()
    expect(assets.map(({ name }) => name)).to.have.members([
      ...['full.txt', 'busy.txt', 'late.txt', `${'é'.repeat(125)}.txt`],
    ])
    for (const { files } of assets) expect(Buffer.byteLength(files[0]?.name ?? '')).to.be.at.most(255)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/upload – folder of 1,001 files → one asset each, after a question; part of the list is drawn', async () => {
    const { page, context, faults } = await open()
    await page.route('**/api/files/*', () => undefined)
    await page.getByLabel('Choose folder').setInputFiles(folder)
    const question = page.getByRole('dialog', { name: 'Upload folder “Textures”' })
    await question.getByText('An asset can have up to 1,000 files.').waitFor()
    expect(await question.getByRole('button', { name: /^One asset of/ }).count()).to.equal(0)
    await question.getByRole('button', { name: 'One asset for each file' }).click()
    await page.getByText('0 of 1001 uploaded').waitFor()
    const rows = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem')
    expect(await rows.count()).to.equal(100)
    await page.getByRole('button', { name: 'Show more' }).click()
    await eventually(async () => expect(await rows.count()).to.equal(200))
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
