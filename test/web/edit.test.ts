import { expect } from 'chai'
import type { Page, Route } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { addTags, changeOf, draftOf, merge } from '../../web/src/pages/asset/dialogs/edit-draft.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const HOSTILE = '<img src=x onerror="document.title=1"> "\'&'
const SOURCE = 'https://example.org/stool'
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describe('draft of the edit dialog', () => {
  const before = draftOf({
    name: 'Chair',
    description: '',
    tags: ['wood'],
    type: '3D',
    media: 'model',
    visibility: 'private',
    license: null,
    source: null,
  })

  it('changeOf – some fields changed → only these; detect and emptied fields → null', () => {
    expect(changeOf(before, before)).to.deep.equal({})
    const detect = { type: 'detect', media: 'detect' } as const
    const draft = { ...before, ...detect, name: 'Oak chair', license: ' ' }
    expect(changeOf({ ...before, license: 'MIT' }, draft)).to.deep.equal({
      name: 'Oak chair',
      type: null,
      media: null,
      license: null,
    })
    expect(changeOf(before, { ...before, media: 'image' })).to.deep.equal({ media: 'image' })
  })

  it('merge – another user changed fields meanwhile → new values, but what was typed stays and is a conflict', () => {
    const now = { ...before, name: 'Table', tags: ['wood', 'oak'], description: 'Round' }
    const typed = { ...before, name: 'Stool', description: 'Round' }
    expect(merge(before, typed, now)).to.deep.equal({
      draft: { ...now, name: 'Stool' },
      conflicts: ['name'],
    })
  })

  it('addTags – typed text with commas → lower case, no duplicates', () => {
    expect(addTags(['wood'], 'Oak, wood,, RED ')).to.deep.equal(['wood', 'oak', 'red'])
  })
})

describe('dialogs of an asset in the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
    await signUp(app, 'grace')
  })
  after(() => app?.stop())

  const openAsset = async (id: string, username = 'ada') => {
    const opened = await app.open()
    await signInBy(opened.page, app.origin, username, PASSWORD)
    await opened.page.goto(`${app.origin}/a/${id}`)
    await opened.page.getByRole('heading', { level: 1 }).waitFor()
    return opened
  }

  it('Edit – by keyboard, another change meanwhile, hostile text → nothing lost, nothing runs, stored', async () => {
    await uploadAsset(ada, { name: 'Other', tags: 'oak' }, { 'a.png': await png() })
    const asset = await uploadAsset(ada, { name: 'Chair', tags: 'wood' }, { 'a.png': await png() })
    const { page, context, faults } = await openAsset(asset.id)
    await button(page, 'Edit').focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    const name = dialog.getByRole('textbox', { name: 'Name' })
    await name.fill('Stool')
    await dialog.getByRole('textbox', { name: 'Description' }).fill(HOSTILE)
    await dialog.getByRole('textbox', { name: 'Tags' }).pressSequentially('Red, bl')
    await dialog.getByRole('textbox', { name: 'Tags' }).fill('')
    await dialog.getByRole('button', { name: 'oak', exact: true }).click()
    await dialog.getByRole('combobox', { name: 'Visibility' }).selectOption('Public')
    await expectAccessible(page)

    // Escape asks before what was typed is lost
    await page.keyboard.press('Escape')
    await dialog.getByText('Discard your changes?').waitFor()
    const keep = dialog.getByRole('button', { name: 'Keep editing' })
    await eventually(async () =>
      expect(await keep.evaluate((one) => one === one.ownerDocument.activeElement)).to.equal(true),
    )
    await page.keyboard.press('Enter')
    await keep.waitFor({ state: 'detached' })
    expect(await name.inputValue()).to.equal('Stool')

    await ada.patch(`/api/assets/${asset.id}`).send({ name: 'Table', license: 'MIT' }).expect(200)
    const held: Route[] = []
    await page.route(/\/api\/assets\/[0-9a-f]{24}$/, (route) => void held.push(route), { times: 1 })
    await button(page, 'Save').click()
    await eventually(() => expect(held).to.have.length(1))
    const source = dialog.getByRole('textbox', { name: 'Source' })
    await source.fill(SOURCE)
    await held[0]?.continue()
    await dialog.getByText('Somebody changed this asset').waitFor()
    await dialog.getByText('Name: Table').waitFor()
    // typed while the request ran
    expect(await source.inputValue()).to.equal(SOURCE)
    expect(await name.inputValue()).to.equal('Stool')
    expect(await dialog.getByRole('textbox', { name: 'License' }).inputValue()).to.equal('MIT')
    expect((await Asset.findById(asset.id).lean())?.name).to.equal('Table')
    await button(page, 'Save').click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'Stool' }).waitFor()
    await page.getByText(HOSTILE).waitFor()
    const stored = await Asset.findById(asset.id).lean()
    expect(stored).to.include({
      name: 'Stool',
      description: HOSTILE,
      license: 'MIT',
      source: SOURCE,
      visibility: 'public',
    })
    expect(stored?.tags).to.deep.equal(['wood', 'red', 'oak'])
    expect(
      await button(page, 'Edit').evaluate((element) => element === element.ownerDocument.activeElement),
    ).to.equal(true)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('Edit, Share, Lock, Replace files, Delete – reader, writer, nobody → what the access allows', async () => {
    const asset = await uploadAsset(ada, { name: 'Shared' }, { 'a.png': await png() })
    const share = (access: string) =>
      ada.put(`/api/assets/${asset.id}/collaborators/grace`).send({ access }).expect(200)
    await share('read')
    const { page, context, faults } = await openAsset(asset.id, 'grace')
    const shown = async () => {
      const names = await page.locator('.asset-actions > button').allTextContents()
      return names.map((name) => name.trim())
    }
    expect(await shown()).to.deep.equal([])
    await share('write')
    await page.reload()
    await button(page, 'Edit').waitFor()
    expect(await shown()).to.deep.equal(['Edit', 'Replace files'])
    await button(page, 'Edit').click()
    expect(await page.getByRole('combobox', { name: 'Visibility' }).isDisabled()).to.equal(true)
    await page.getByRole('textbox', { name: 'Name' }).fill('Renamed by grace')
    await button(page, 'Save').click()
    await page.getByRole('heading', { level: 1, name: 'Renamed by grace' }).waitFor()

    // an asset that the visitor cannot read has a way to the sign-in that leads back
    const visitor = await app.open(`/a/${asset.id}`)
    await visitor.page.getByRole('link', { name: 'Sign in to see private assets' }).click()
    await visitor.page.getByRole('textbox', { name: 'Username or email' }).fill('ada')
    await visitor.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await button(visitor.page, 'Sign in').click()
    await visitor.page.getByRole('heading', { level: 1, name: 'Renamed by grace' }).waitFor()
    expect([...faults, ...visitor.faults]).to.deep.equal([])
    await visitor.context.close()
    await context.close()
  })

  it('Replace files, Lock, Delete – owner → files, lock and deletion stored; locked → told', async () => {
    const asset = await uploadAsset(ada, { name: HOSTILE }, { 'a.png': await png() })
    const { page, context, faults } = await openAsset(asset.id)
    const dialog = page.getByRole('dialog')
    await button(page, 'Replace files').click()
    await expectAccessible(page)
    await dialog.getByLabel('Choose files').setInputFiles([
      { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('one') },
      { name: 'two.txt', mimeType: 'text/plain', buffer: Buffer.from('two') },
    ])
    await ada.patch(`/api/assets/${asset.id}`).send({ description: 'changed' }).expect(200)
    await button(page, 'Replace').click()
    await dialog.getByText('Somebody changed this asset').waitFor()
    await button(page, 'Replace anyway').click()
    await dialog.waitFor({ state: 'detached' })
    const { body } = await ada.get(`/api/assets/${asset.id}`).expect(200)
    expect(body.res.asset.files.map((file: { name: string }) => file.name)).to.deep.equal([
      'one.txt',
      'two.txt',
    ])

    await button(page, 'Lock').click()
    await dialog.getByRole('combobox', { name: 'Mode' }).selectOption('Compliance')
    await dialog.getByText('You cannot undo this').waitFor()
    await expectAccessible(page)
    await dialog.getByRole('combobox', { name: 'Mode' }).selectOption('Governance')
    await button(page, 'Lock asset').click()
    await dialog.waitFor({ state: 'detached' })
    const lock = (await Asset.findById(asset.id).lean())?.lock
    expect(lock?.mode).to.equal('governance')
    expect(Number(lock?.until)).to.be.within(Date.now() + 29 * 86_400_000, Date.now() + 32 * 86_400_000)
    await button(page, 'Delete').click()
    await dialog.getByText('This asset is locked').waitFor()
    expect(await button(page, 'Delete forever').count()).to.equal(0)
    await page.keyboard.press('Escape')

    await button(page, 'Lock').click()
    await button(page, 'Set legal hold').click()
    await dialog.waitFor({ state: 'detached' })
    await button(page, 'Lock').click()
    await button(page, 'Release legal hold').click()
    await dialog.waitFor({ state: 'detached' })
    expect((await Asset.findById(asset.id).lean())?.lock?.legalHold).to.equal(false)

    const other = await uploadAsset(ada, { name: 'Old' }, { 'a.png': await png() })
    await page.goto(`${app.origin}/a/${other.id}`)
    await button(page, 'Delete').click()
    await expectAccessible(page)
    await button(page, 'Delete forever').click()
    await page.waitForURL(`${app.origin}/`)
    await eventually(async () => expect(await Asset.countDocuments({ _id: other.id })).to.equal(0))
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
