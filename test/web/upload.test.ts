import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Page, Route } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { wholeAsset } from '../support/app/assets.ts'
import { stateOf } from '../support/app/state.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { fileOf, isFinished, rowOf } from '../support/upload-page.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
/** Waits until the browser could open a file again without the window that has it. */
const isKept = (page: Page, name: string) =>
  eventually(async () => {
    const all = (await storedUploads(page)) as { name: string; kept: boolean }[]
    expect(all.filter((item) => item.name === name && item.kept)).to.have.length(1)
  })
/** Reads the stored queue. */
const storedUploads = (page: Page) =>
  page.evaluate(
    `new Promise((resolve) => { indexedDB.open('kura.uploads').onsuccess = ({ target }) => {
      const all = target.result.transaction('uploads').objectStore('uploads').getAll()
      all.onsuccess = () => { resolve(all.result); target.result.close() } } })`,
  )
/** Drops a file on the page, or pastes it. */
const transfer = (page: Page, kind: 'drop' | 'paste', name: string, text: string) =>
  page.evaluate(
    `{ const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
      const options = { bubbles: true, cancelable: true }
      document.body.dispatchEvent(${
        kind === 'drop'
          ? `new DragEvent('drop', { ...options, dataTransfer: data })`
          : `new ClipboardEvent('paste', { ...options, clipboardData: data })`
      }) }`,
  )

describe('uploads of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser
  let folder: string

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
    folder = join(await mkdtemp(join(tmpdir(), 'kura-folder-')), 'Chair')
    await mkdir(join(folder, 'textures'), { recursive: true })
    await writeFile(join(folder, 'chair.obj'), obj())
    await writeFile(join(folder, 'textures/oak.png'), await png())
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(join(folder, '..'), { recursive: true, force: true })
  })

  const storedBytesOf = async (name: string) => {
    const asset = await Asset.findOne({ name, state: 'ready' }).orFail()
    const { files } = await wholeAsset(String(asset._id))
    const [file] = files
    const { body } = await ada
      .get(`/api/assets/${asset._id}/files/${file?.id}`)
      .buffer(true)
      .parse((answer, done) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => done(null, Buffer.concat(chunks)))
      })
      .expect(200)
    return { asset, files, body: body as Buffer }
  }

  it('/upload – picker, drop, paste, folder, fields while it runs → assets with the same bytes and these fields', async () => {
    const { page, context, faults } = await app.open('/upload')
    await page.waitForURL(/sign-in\?next=/)
    await page.getByRole('textbox', { name: 'Username or email' }).fill('ada')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(/\/upload$/)

    const bytes = randomBytes(300_000)
    const held: Route[] = []
    await page.route('**/api/files/oak.glb', (route) => void held.push(route))
    await page
      .getByLabel('Choose files')
      .setInputFiles([fileOf('oak.glb', bytes), fileOf('empty.txt', Buffer.of())])
    await isFinished(page, 'empty.txt')
    await rowOf(page, 'oak.glb').getByRole('button', { name: 'Details of oak.glb' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Oak chair')
    await page.getByRole('textbox', { name: 'Tags' }).fill('Wood, chair')
    await page.getByRole('combobox', { name: 'Visibility' }).selectOption('public')
    await page
      .getByLabel('Preview picture')
      .setInputFiles({ name: 'oak.png', mimeType: 'image/png', buffer: await png() })
    await expectAccessible(page)
    await eventually(() => expect(held).to.have.length(1))
    await Promise.all(held.map((route) => route.continue()))
    await isFinished(page, 'oak.glb')
    const oak = await storedBytesOf('Oak chair')
    expect(oak.body.equals(bytes)).to.equal(true)
    expect(oak.files[0]?.sha256).to.equal(sha256(bytes))
    expect([oak.asset.tags, oak.asset.visibility, oak.asset.images.length]).to.deep.equal([
      ['wood', 'chair'],
      'public',
      1,
    ])
    expect(await page.getByRole('link', { name: 'Oak chair' }).getAttribute('href')).to.equal(
      `/a/${oak.asset._id}`,
    )

    await transfer(page, 'drop', 'dropped.txt', 'dropped')
    await isFinished(page, 'dropped.txt')
    expect(String((await storedBytesOf('dropped.txt')).body)).to.equal('dropped')
    await transfer(page, 'paste', 'pasted.txt', 'pasted')
    await isFinished(page, 'pasted.txt')
    expect(String((await storedBytesOf('pasted.txt')).body)).to.equal('pasted')

    await page.getByLabel('Choose folder').setInputFiles(folder)
    await page.getByRole('button', { name: 'One asset of 2 files' }).click()
    await isFinished(page, 'Chair')
    const chair = await storedBytesOf('Chair')
    expect(chair.files.map(({ size }) => size).sort()).to.deep.equal(
      [obj().length, (await png()).length].sort(),
    )

    // the same file again
    await transfer(page, 'drop', 'dropped.txt', 'dropped')
    await page.getByText('You already have this file:').waitFor()
    await page.getByRole('button', { name: 'Skip' }).click()
    expect(await Asset.countDocuments({ name: 'dropped.txt' })).to.equal(1)
    await page.getByRole('button', { name: 'Clear finished' }).click()
    await page.getByRole('list', { name: 'Uploads' }).waitFor({ state: 'detached' })
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/upload – connection lost, cancelled, paused, reloaded → one asset each, nothing of the cancelled', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.goto(`${app.origin}/upload`)
    await page.route('**/api/files/lost*', (route) => route.abort('connectionreset'))
    await page
      .getByLabel('Choose files')
      .setInputFiles(['lost-1.bin', 'lost-2.bin'].map((name) => fileOf(name, randomBytes(1000))))
    for (const name of ['lost-1.bin', 'lost-2.bin'])
      await rowOf(page, name).getByRole('button', { name: 'Retry' }).waitFor()
    await page.unroute('**/api/files/lost*')
    await page.getByRole('button', { name: 'Retry all' }).press('Enter')
    for (const name of ['lost-1.bin', 'lost-2.bin']) await isFinished(page, name)
    expect(await Asset.countDocuments({ name: /^lost/ })).to.equal(2)

    const before = await stateOf(app)
    const devtools = await context.newCDPSession(page)
    const limits = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 }
    await devtools.send('Network.emulateNetworkConditions', limits)
    await page.getByLabel('Choose files').setInputFiles([fileOf('slow.bin', randomBytes(1_500_000))])
    await rowOf(page, 'slow.bin').getByText(' of 1.5 MB').waitFor()
    await rowOf(page, 'slow.bin').getByRole('button', { name: 'Pause' }).click()
    await rowOf(page, 'slow.bin').getByText('starts again from the beginning').waitFor()
    await rowOf(page, 'slow.bin').getByRole('button', { name: 'Resume' }).click()
    await rowOf(page, 'slow.bin').getByText(' of 1.5 MB').waitFor()
    await rowOf(page, 'slow.bin').getByRole('button', { name: 'Cancel' }).click()
    await rowOf(page, 'slow.bin').waitFor({ state: 'detached' })
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))

    await devtools.send('Network.emulateNetworkConditions', { ...limits, uploadThroughput: -1 })
    const bytes = randomBytes(50_000)
    await page.route('**/api/files/kept.bin', () => undefined)
    await page.getByLabel('Choose files').setInputFiles([fileOf('kept.bin', bytes)])
    await rowOf(page, 'kept.bin').getByRole('button', { name: 'Pause' }).waitFor()
    await page.unroute('**/api/files/kept.bin')
    await isKept(page, 'kept.bin')
    await page.reload()
    await isFinished(page, 'kept.bin')
    expect((await storedBytesOf('kept.bin')).body.equals(bytes)).to.equal(true)
    await page.getByRole('link', { name: 'Kura' }).click()
    await page.getByRole('button', { name: 'Show uploads' }).click()
    await isFinished(page, 'kept.bin')
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })
  it('/upload – 20 files at once, one deleted meanwhile, one too large for a proxy → all told, the others stored', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.goto(`${app.origin}/upload`)
    await page.route('**/api/files/too-large.bin', (route) =>
      route.fulfill({ status: 413, contentType: 'text/html', body: '<h1>413 Request Entity Too Large</h1>' }),
    )
    const held: Route[] = []
    await page.route('**/api/files/many-*', (route) => void held.push(route))
    const names = Array.from({ length: 20 }, (_, index) => `many-${index}.txt`)
    await page.getByLabel('Choose files').setInputFiles(names.map((name) => fileOf(name, Buffer.from(name))))
    const changing = join(folder, 'changing.txt')
    await writeFile(changing, 'before')
    await page.getByLabel('Choose files').setInputFiles(changing)
    await page.getByLabel('Choose files').setInputFiles([fileOf('too-large.bin', randomBytes(1000))])
    await eventually(async () => expect(held).to.have.length(3))
    await rm(changing)
    await page.unroute('**/api/files/many-*')
    for (const route of held) await route.continue()
    await rowOf(page, 'too-large.bin').getByText('A file is larger than this server allows').waitFor()
    await rowOf(page, 'changing.txt').getByText('The file was changed').waitFor()
    await page.getByText('20 of 22 uploaded').waitFor()
    expect(await Asset.countDocuments({ name: /^many-/ })).to.equal(20)
    await writeFile(changing, 'after it was chosen')
    await page.getByLabel('Choose files').setInputFiles(changing)
    await isFinished(page, 'changing.txt')
    expect(String((await storedBytesOf('changing.txt')).body)).to.equal('after it was chosen')
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/upload – two windows, one closed, signed out → the other goes on; nothing is left for another account', async () => {
    const { page, context, faults } = await app.open()
    await signUp(app, 'grace')
    // a session that all windows of the browser have
    await page.goto(`${app.origin}/sign-in`)
    await page.getByRole('textbox', { name: 'Username or email' }).fill('ada')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('checkbox', { name: 'Keep me signed in' }).check()
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(`${app.origin}/`)
    const other = await context.newPage()
    await other.goto(`${app.origin}/upload`)
    await other.getByLabel('Choose files').waitFor()
    await page.goto(`${app.origin}/upload`)
    await page.route('**/api/files/*', () => undefined)
    await page.getByLabel('Choose files').setInputFiles([fileOf('shared.txt', Buffer.from('shared'))])
    await isKept(page, 'shared.txt')
    await rowOf(other, 'shared.txt').getByRole('button', { name: 'Pause' }).click()
    await rowOf(page, 'shared.txt').getByRole('button', { name: 'Resume' }).click()
    await rowOf(other, 'shared.txt').getByRole('button', { name: 'Pause' }).waitFor()
    expect(await Asset.countDocuments({ name: 'shared.txt' })).to.equal(0)
    await page.close()
    await isFinished(other, 'shared.txt')
    expect(await Asset.countDocuments({ name: 'shared.txt' })).to.equal(1)

    await other.route('**/api/files/*', () => undefined)
    await other.getByLabel('Choose files').setInputFiles([fileOf('secret.txt', Buffer.from('secret'))])
    await isKept(other, 'secret.txt')
    const signOut = async () => {
      await other.getByRole('button', { name: 'Account menu' }).click()
      await other.getByRole('button', { name: 'Sign out' }).click()
    }
    await signOut()
    await other.getByText('1 upload is not finished').waitFor()
    await expectAccessible(other)
    await other.getByRole('button', { name: 'Stay signed in' }).click()
    await rowOf(other, 'secret.txt').getByRole('button', { name: 'Pause' }).waitFor()
    await signOut()
    await other.getByRole('button', { name: 'Sign out anyway' }).click()
    await other.getByRole('link', { name: 'Sign in' }).waitFor()
    await other.waitForURL(`${app.origin}/`)
    expect(await storedUploads(other)).to.deep.equal([])
    await signInBy(other, app.origin, 'grace', PASSWORD)
    await other.goto(`${app.origin}/upload`)
    await other.getByLabel('Choose files').waitFor()
    expect(await other.getByText('secret.txt').count()).to.equal(0)
    expect(await Asset.countDocuments({ name: 'secret.txt' })).to.equal(0)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
