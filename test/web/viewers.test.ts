import { expect } from 'chai'
import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { Asset } from '../../models/asset.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { mp4, png, wav } from '../support/data/samples.ts'
import * as viewable from '../support/data/viewable.ts'
import { eventually } from '../support/eventually.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const SMALL = { viewport: { width: 880, height: 480 } }
const ELSEWHERE = 'http://elsewhere.invalid'

/** Returns how different the pixels of an element are: 0 for one colour. */
async function contrastOf(element: Locator): Promise<number> {
  const { channels } = await sharp(await element.screenshot()).stats()
  return Math.max(...channels.map(({ stdev }) => stdev))
}

/** Notes which of the graphics contexts of a page are alive. */
const WATCH_CONTEXTS = `
  window.contexts = []
  const getContext = HTMLCanvasElement.prototype.getContext
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const context = getContext.call(this, kind, ...rest)
    if (/webgl/.test(kind) && context && !contexts.includes(context)) contexts.push(context)
    return context
  }`
const expectLiving = (page: Page, count: number) =>
  eventually(async () =>
    expect(await page.evaluate('contexts.filter((context) => !context.isContextLost()).length')).to.equal(
      count,
    ),
  )

describe('viewers of the web client', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp
  let ada: TestUser

  before(async function () {
    app = await startWeb(this)
    ada = await signUp(app, 'ada')
  })
  after(() => app?.stop())

  /**
   * Opens assets one after the other in one window. `requests` has every address that the window asks for, `types` the
   * media types of the files and pictures that it got.
   */
  async function open() {
    const opened = await app.open('/', SMALL)
    const { page } = opened
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    const types: (string | undefined)[] = []
    page.on('response', (response) => {
      if (response.url().includes('/api/signed/')) types.push(response.headers()['content-type'])
    })
    await page.addInitScript(WATCH_CONTEXTS)
    await signInBy(page, app.origin, 'ada', PASSWORD)
    const viewer = page.getByRole('region', { name: 'Viewer' })
    const tool = (name: string) => viewer.getByRole('button', { name, exact: true })
    const show = async (name: string, files: Record<string, Buffer>) => {
      const { id } = await uploadAsset(ada, { name }, files)
      await page.goto(`${app.origin}/a/${id}`)
      await page.getByRole('heading', { level: 1, name }).waitFor()
      return id
    }
    return { ...opened, requests, types, viewer, tool, show }
  }

  it('/a/:id – image, SVG, text and PDF → shown and moved by keys and buttons; nothing in them runs or loads', async () => {
    const { page, context, faults, requests, types, viewer, tool, show } = await open()
    await show('Wide', { 'wide.png': await png({ width: 1600, height: 400 }) })
    const image = viewer.getByRole('img', { name: 'wide.png' })
    await image.waitFor()
    await viewer.getByText('1600 × 400').waitFor()
    const fitted = await viewer.getByRole('status').textContent()
    await tool('100 %').click()
    await viewer.getByText('100 %').first().waitFor()
    await tool('Fit to window').click()
    await eventually(async () => expect(await viewer.getByRole('status').textContent()).to.equal(fitted))
    await viewer.getByRole('group', { name: /^Image/ }).press('1')
    await eventually(async () => expect(await viewer.getByRole('status').textContent()).to.equal('100 %'))
    await expectAccessible(page)

    const active = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="parent.hit=1"><script>parent.hit=1</script><image href="${ELSEWHERE}/a.png"/><rect width="9" height="9"/></svg>`
    await show('Drawing', { 'a.svg': Buffer.from(active) })
    await viewer.getByText('40 × 30').waitFor()

    // first the preview of the service, then the file itself
    await show('Photo', { 'photo.png': await png({ width: 1400, height: 700 }) })
    await viewer.getByText('1400 × 700').waitFor()
    await eventually(() => expect(types.slice(-2)).to.deep.equal(['image/webp', 'image/png']))

    await show('Damaged', { 'damaged.mp4': mp4() })
    await viewer.getByText(/cannot play/).waitFor()
    const download = page.waitForEvent('download')
    await tool('Download').click()
    expect((await download).suggestedFilename()).to.equal('damaged.mp4')

    const markup = `<script>hit=1</script>\n<img src="${ELSEWHERE}/b.png" onerror="hit=1">\n${'long '.repeat(400)}\n`
    await show('Page', { 'page.html': Buffer.from(markup) })
    const lines = viewer.locator('pre [data-line]')
    await eventually(async () => expect(await lines.count()).to.equal(3))
    expect(await lines.first().textContent()).to.equal('<script>hit=1</script>\n')
    await tool('Wrap lines').click()
    await eventually(async () => expect((await lines.last().boundingBox())?.height).to.be.above(30))

    await show('Paper', { 'paper.pdf': viewable.squarePdf(30) })
    const first = viewer.getByRole('img', { name: 'Page 1', exact: true })
    await eventually(async () => expect(await contrastOf(first)).to.be.above(50))
    expect(await viewer.locator('canvas').count()).to.be.below(10)
    // all pages can be searched, also those that are not drawn
    await eventually(async () => {
      expect(await viewer.getByText('A page of paper').count()).to.equal(30)
      expect(await viewer.getByText('日本語').count()).to.equal(30)
    })
    await eventually(async () => {
      // a page that is drawn can stop a scroll
      await viewer.getByRole('group', { name: /^paper.pdf/ }).press('End')
      expect(await viewer.getByText('Page 30 of 30').isVisible()).to.equal(true)
    })
    await tool('Zoom in').click()
    await viewer.getByText('125 %').waitFor()
    await expectAccessible(page)
    expect(await page.evaluate('window.hit')).to.equal(undefined)
    expect(requests.filter((url) => !url.startsWith(app.origin) && !url.startsWith('blob:'))).to.deep.equal(
      [],
    )
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('audio – signed URL has ended while it plays → a new one, at the same place', async () => {
    const { context, faults, requests, viewer, show } = await open()
    await show('Tone', { 'tone.wav': wav(3000) })
    const audio = viewer.locator('audio')
    const state = (statement = '') =>
      audio.evaluate(
        new Function(
          'media',
          `${statement}; return { time: media.currentTime, duration: media.duration, error: media.error, paused: media.paused }`,
        ) as never,
      ) as Promise<{ time: number; duration: number; error: unknown; paused: boolean }>
    await eventually(async () => expect((await state()).duration).to.be.closeTo(3000, 1))
    const before = requests.filter((url) => url.includes('/api/signed/')).at(-1)
    app.clock.advance(2 * 3_600_000)
    await state('media.muted = true; media.play(); media.currentTime = 2500')
    await eventually(async () => {
      const { time, error, paused } = await state()
      expect(error).to.equal(null)
      expect(paused).to.equal(false)
      expect(time).to.be.within(2500, 2600)
      expect(requests.filter((url) => url.includes('/api/signed/')).at(-1)).to.not.equal(before)
    })
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('3D model – tools, keys, preview → drawn, changed, stored at the service and shown in the gallery', async () => {
    const { page, context, faults, viewer, tool, show } = await open()
    const id = await show('Cube', {
      'cube.obj': viewable.cubeObj(),
      'cube.mtl': viewable.cubeMtl('C:\\art\\Skin.PNG'),
      'skin.png': await png(),
      'block.stl': viewable.cubeStl(),
    })
    await viewer.getByRole('combobox', { name: 'Model' }).selectOption('block.stl')
    await viewer.getByText('10 × 10 × 10').waitFor()
    await page.getByRole('button', { name: 'View cube.obj' }).click()
    await viewer.getByText('1 × 1 × 1').waitFor()
    await viewer.getByText('12 triangles').waitFor()
    const canvas = viewer.locator('canvas')
    await eventually(async () => expect(await contrastOf(canvas)).to.be.above(15))
    const seen = async () => (await canvas.screenshot()).toString('base64')
    const whole = await seen()
    for (const [name, back] of [
      ['Wireframe', 'Wireframe'],
      ['Section', 'Section'],
    ] as const) {
      await tool(name).click()
      await eventually(async () => expect(await seen()).to.not.equal(whole))
      await tool(back).click()
    }
    await canvas.press('ArrowRight')
    await canvas.press('+')
    await eventually(async () => expect(await seen()).to.not.equal(whole))
    await tool('Reset view').click()
    await expectAccessible(page)

    await tool('Save as preview').click()
    await page.getByRole('status').getByText('The preview was saved').waitFor()
    const stored = async () => (await Asset.findById(id).orFail().lean()).images
    const [poster] = await stored()
    const { body } = await ada.get(`/api/assets/${id}/images/${poster?.id}`).expect(200)
    const { width, height, hasAlpha } = await sharp(body).metadata()
    expect([width, height, hasAlpha]).to.deep.equal([1024, 1024, true])
    const { channels, isOpaque } = await sharp(body).stats()
    expect(isOpaque).to.equal(false)
    expect(channels[0]?.max).to.be.above(100)
    await tool('Save as preview').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Replace preview' }).click()
    await eventually(async () => {
      const images = await stored()
      expect(images).to.have.length(1)
      expect(images[0]?.id).to.not.equal(poster?.id)
    })
    await page.getByRole('link', { name: 'Kura', exact: true }).click()
    await page.locator('.card', { hasText: 'Cube' }).locator('img').waitFor()
    await expectLiving(page, 0)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('3D model – animations → played and chosen; one graphics context at most', async () => {
    const { page, context, faults, viewer, tool, show } = await open()
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await show('Walker', {
      'walk.gltf': viewable.movingGltf(),
      'cube.obj': viewable.cubeObj('none.mtl'),
      'red.gltf': viewable.redGltf(),
    })
    await viewer.getByRole('combobox', { name: 'Model' }).selectOption('red.gltf')
    await viewer.getByText('1 triangle').waitFor()
    await eventually(async () => {
      const { channels } = await sharp(await viewer.locator('canvas').screenshot()).stats()
      expect((channels[0]?.max ?? 0) - (channels[2]?.max ?? 0)).to.be.above(30)
    })
    await viewer.getByRole('combobox', { name: 'Model' }).selectOption('walk.gltf')
    await viewer.getByRole('combobox', { name: 'Animation' }).selectOption('Run')
    const still = await viewer.locator('canvas').screenshot()
    await tool('Play').click()
    await eventually(async () =>
      expect((await viewer.locator('canvas').screenshot()).equals(still)).to.equal(false),
    )
    await tool('Pause').click()
    await viewer.getByRole('combobox', { name: 'Model' }).selectOption('cube.obj')
    await viewer.getByText('Missing files: none.mtl').waitFor()
    await expectLiving(page, 1)
    // the loss of a context is told, and the model can be shown again
    await page.evaluate("contexts.at(-1).getExtension('WEBGL_lose_context').loseContext()")
    await viewer.getByRole('button', { name: 'Try again' }).click()
    await viewer.getByText('12 triangles').waitFor()
    await expectLiving(page, 1)
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('3D model – files elsewhere, broken and hostile ones → an error or the model without them; nothing is asked for', async () => {
    const { page, context, faults, requests, viewer, show } = await open()
    const broken = {
      'far.gltf': viewable.gltfFrom(`${ELSEWHERE}/a.bin`),
      'own.gltf': viewable.gltfFrom('/api/users/me'),
      'endless.gltf': viewable.endlessGltf(),
      'huge.gltf': viewable.hugeGltf(),
      'broken.fbx': Buffer.from('Kaydara FBX Binary  \0\x1a\0broken', 'latin1'),
      'broken.3mf': Buffer.from('PK no'),
    }
    await show('Hostile', {
      ...broken,
      'far.obj': viewable.cubeObj(`${ELSEWHERE}/far.mtl`),
      'far.mtl': viewable.cubeMtl(`${ELSEWHERE}/far.png`),
      'comma.dae': viewable.triangleDae('0,01'),
      'near.obj': viewable.cubeObj('near.mtl'),
      'near.mtl': viewable.cubeMtl('/api/users/me'),
      'skin.png': await png(),
    })
    const view = (name: string) => page.getByRole('button', { name: `View ${name}` }).click()
    await view('far.obj')
    await viewer.getByText('Missing files: far.png').waitFor()
    await view('near.obj')
    await viewer.getByText('Missing files: me').waitFor()
    await view('comma.dae')
    await viewer.getByText('2 × 2 × 0').waitFor()
    for (const name of Object.keys(broken)) {
      await view(name)
      await viewer.getByRole('alert').waitFor()
    }
    const own = /^\/(?:$|web\/|a\/|sign-in|api\/(?:auth\/login|assets|signed\/))/
    const foreign = requests.filter((url) => {
      const { origin, pathname } = new URL(url)
      return !/^(?:data|blob):/.test(url) && (origin !== app.origin || !own.test(pathname))
    })
    expect(foreign).to.deep.equal([])
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
