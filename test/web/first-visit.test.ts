import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { keysOf, storedBytes } from '../support/app/state.ts'
import { png } from '../support/data/samples.ts'
import { cubeMtl, cubeObj } from '../support/data/viewable.ts'
import { unzip } from '../support/data/zip.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, startWeb, type WebApp } from '../support/web.ts'

const PASSWORD = 'seven red lanterns'
const LINK_PASSWORD = 'open señor'
const SMALL = { viewport: { width: 960, height: 640 } }

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('first visit', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let folder: string
  /** The files of the folder, by name. */
  let files: Map<string, Buffer>

  before(async function () {
    app = await startWeb(this)
    folder = join(await mkdtemp(join(tmpdir(), 'kura-visit-')), 'Chair')
    await mkdir(join(folder, 'textures'), { recursive: true })
    files = new Map([
      ['chair.obj', cubeObj('chair.mtl')],
      ['chair.mtl', cubeMtl('textures/oak.png')],
      ['oak.png', await png()],
    ])
    for (const [name, bytes] of files)
      await writeFile(join(folder, name.endsWith('.png') ? `textures/${name}` : name), bytes)
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(join(folder, '..'), { recursive: true, force: true })
  })

  it('visitor – registers, uploads a folder, turns the model, saves a preview, shares it by link with a password → downloaded bytes are the same', async () => {
    const { page, context, faults } = await app.open('/', SMALL)

    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Create account' }).click()
    await page.getByRole('textbox', { name: 'Username', exact: true }).fill('ada')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('button', { name: 'Account menu' }).waitFor()
    const user = await User.findOne({ username: 'ada' }).select('+passwordHash').orFail()
    expect(user.passwordHash).to.match(/^\$2/)
    expect(await Session.countDocuments({ user: user._id })).to.equal(1)

    await page.getByRole('link', { name: 'Upload', exact: true }).click()
    await page.getByLabel('Choose folder').setInputFiles(folder)
    await page.getByRole('button', { name: 'One asset of 3 files' }).click()
    const uploaded = page.getByRole('list', { name: 'Uploads' }).getByRole('link', { name: 'Chair' })
    await uploaded.waitFor()
    const stored = () => Asset.findOne({ owner: user._id, state: 'ready' }).orFail().lean()
    const asset = await stored()
    expect(asset).to.include({ name: 'Chair', visibility: 'private', type: '3D', media: 'model' })
    expect(new Map(asset.files.map((file) => [file.name, file.sha256]))).to.deep.equal(
      new Map([...files].map(([name, bytes]) => [name, sha256(bytes)])),
    )
    await eventually(async () => expect(await keysOf(app)).to.deep.equal(keysIn(await stored())))

    await uploaded.click()
    await page.getByRole('heading', { level: 1, name: 'Chair' }).waitFor()
    const viewer = page.getByRole('region', { name: 'Viewer' })
    await viewer.getByText('12 triangles').waitFor()
    const canvas = viewer.locator('canvas')
    const still = await canvas.screenshot()
    const { x, y, width, height } = (await canvas.boundingBox()) ?? expect.fail('the canvas is not shown')
    await page.mouse.move(x + width / 2, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width / 4, y + height / 3, { steps: 4 })
    await page.mouse.up()
    await eventually(async () => expect((await canvas.screenshot()).equals(still)).to.equal(false))
    await viewer.getByRole('button', { name: 'Save as preview' }).click()
    await page.getByRole('status').getByText('The preview was saved').waitFor()
    const [poster] = (await stored()).images
    expect(poster).to.include({ width: 1024, height: 1024 })
    await eventually(async () => expect(await keysOf(app)).to.deep.equal(keysIn(await stored())))
    await eventually(async () =>
      expect((await User.findById(user._id).orFail()).space.used).to.equal(await storedBytes(app)),
    )

    await page.getByRole('button', { name: 'Share' }).click()
    const dialog = page.getByRole('dialog', { name: 'Share' })
    await dialog.getByLabel('Password', { exact: true }).fill(LINK_PASSWORD)
    await dialog.getByRole('button', { name: 'Create link' }).click()
    const address = await dialog.getByRole('textbox', { name: 'Link' }).inputValue()
    const link = async () => Link.findOne({ asset: asset._id }).orFail().lean()
    expect((await link()).passwordHash).to.match(/^\$2/)
    expect(JSON.stringify(await link())).not.to.contain(address.split('/').at(-1))
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Kura', exact: true }).click()
    const picture = page.getByRole('list', { name: 'Assets' }).getByRole('listitem').locator('img')
    await eventually(async () =>
      expect(await picture.evaluate((image) => 'naturalWidth' in image && image.naturalWidth)).to.be.above(0),
    )

    const visitor = await app.open(address, SMALL)
    await visitor.page
      .getByRole('textbox', { name: 'Password' })
      .or(visitor.page.getByLabel('Password'))
      .first()
      .fill(LINK_PASSWORD)
    await visitor.page.getByRole('button', { name: 'Open', exact: true }).click()
    await visitor.page.getByRole('heading', { level: 1, name: 'Chair' }).waitFor()
    const shown = visitor.page.getByRole('region', { name: 'Viewer' })
    await shown.getByRole('button', { name: /^View/ }).click()
    await shown.getByText('12 triangles').waitFor()
    expect((await link()).downloads).to.equal(1)
    const [download] = await Promise.all([
      visitor.page.waitForEvent('download'),
      visitor.page.getByRole('link', { name: 'Download', exact: true }).click(),
    ])
    expect(download.suggestedFilename()).to.equal('Chair.zip')
    const unpacked = await unzip(await readFile(await download.path()))
    expect(new Map([...unpacked].map(([name, bytes]) => [name, sha256(bytes)]))).to.deep.equal(
      new Map([...files].map(([name, bytes]) => [name, sha256(bytes)])),
    )
    expect((await link()).downloads).to.equal(2)
    expect((await stored()).downloads).to.be.at.least(1)
    expect([...faults, ...visitor.faults]).to.deep.equal([])
    await visitor.context.close()
    await context.close()
  })
})

/** Returns the keys of all objects that an asset names, sorted. */
const keysIn = ({ files, images, cover }: Pick<AssetFields, 'files' | 'images' | 'cover'>) =>
  [...files, ...images, ...images.map(({ thumbnail }) => thumbnail), ...(cover ? [cover] : [])]
    .map(({ key }) => key)
    .sort()
