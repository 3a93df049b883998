import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import { unzip } from '../support/data/zip.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const HOSTILE = '<img src=x onerror="document.title=1">'

describe('asset page of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser
  let shared: AssetAnswer
  let hostile: AssetAnswer
  let picture: Buffer

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
    picture = await png()
    shared = await uploadAsset(
      ada,
      { name: 'Oak chair', visibility: 'public', tags: 'wood', description: 'One.\nTwo.' },
      { 'chair.png': picture },
    )
    hostile = await uploadAsset(
      ada,
      { name: HOSTILE, description: HOSTILE, tags: '<b>' },
      { "<b>a'.png": picture, 'notes.txt': Buffer.from('Notes\n') },
    )
  })
  after(() => app?.stop())

  it('/a/:id – no account → a public asset with picture, facts and download; a private one as one that is missing', async () => {
    const { page, context, faults } = await app.open(`/a/${shared.id}`, {
      viewport: { width: 390, height: 800 },
    })
    await page.getByRole('heading', { level: 1, name: 'Oak chair' }).waitFor()
    const viewer = page.getByRole('region', { name: 'Viewer' })
    await viewer.getByRole('img', { name: 'chair.png' }).waitFor()
    await page.getByText('One.\nTwo.').waitFor()
    expect(await page.getByRole('link', { name: 'wood' }).getAttribute('href')).to.equal('/?tag=wood')
    await page.getByRole('tab', { name: 'Files' }).press('ArrowRight')
    await page.getByRole('tabpanel', { name: 'Details' }).getByText('Public').waitFor()
    await expectAccessible(page)
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).to.be.at.most(390)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download', exact: true }).click()
    expect((await readFile(await (await download).path())).equals(picture)).to.equal(true)
    await eventually(async () => expect((await Asset.findById(shared.id).orFail()).downloads).to.equal(1))

    const states = []
    for (const id of [hostile.id, '0'.repeat(24)]) {
      await page.goto(`${app.origin}/a/${id}`)
      await page.getByRole('heading', { name: 'This asset does not exist' }).waitFor()
      states.push((await page.getByRole('main').innerHTML()).replaceAll(id, 'id'))
    }
    expect(states[0]).to.equal(states[1])
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/a/:id – hostile names, several files → shown as text; zip, file and viewer of each', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    await page.getByRole('link', { name: HOSTILE }).click()
    await page.getByRole('heading', { level: 1, name: HOSTILE }).waitFor()
    await eventually(async () => expect(await page.title()).to.equal(`${HOSTILE} – Kura`))
    await page.getByRole('img', { name: "<b>a'.png" }).waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'View notes.txt' }).click()
    await page.getByRole('region', { name: 'Viewer' }).locator('pre').getByText('Notes').waitFor()
    let download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download notes.txt' }).click()
    expect(await readFile(await (await download).path(), 'utf8')).to.equal('Notes\n')
    download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download', exact: true }).click()
    const files = await unzip(await readFile(await (await download).path()))
    expect([...files.keys()].sort()).to.deep.equal(hostile.files.map(({ name }) => name).sort())

    await page.getByRole('link', { name: 'Next asset' }).waitFor()
    await page.evaluate('document.activeElement?.blur()')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('heading', { level: 1, name: 'Oak chair' }).waitFor()
    await page.getByRole('link', { name: 'Previous asset' }).waitFor()
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/, /a/:id, /embed/:id – long words, 360 px → no page is wider than the window, no control too narrow', async () => {
    const [name, tag] = ['n'.repeat(200), 't'.repeat(50)]
    const fields = { name, tags: tag, description: 'd'.repeat(400), visibility: 'public' }
    const { id } = await uploadAsset(ada, fields, { [`${'f'.repeat(100)}.txt`]: Buffer.from('Notes') })
    const { page, context, faults } = await app.open('/', { viewport: { width: 360, height: 740 } })
    for (const path of [`/?tag=${tag}`, `/a/${id}`, `/embed/${id}`]) {
      await page.goto(app.origin + path)
      await page.getByText(name).first().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).to.equal(360)
      const widths = page
        .locator('button, select, a.button')
        .evaluateAll((controls) =>
          controls
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .map((one) => one.getBoundingClientRect().width),
        )
      expect(Math.min(...(await widths)), path).to.be.least(24)
    }
    await page.goto(app.origin)
    const sort = page.getByRole('combobox', { name: 'Sort' })
    expect((await sort.boundingBox())?.width).to.be.least(150)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
