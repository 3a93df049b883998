/**
 * `npm run bench:viewer [-- --triangles N]`: opens a large OBJ and prints the longest task of the page meanwhile. Then goes
 * from the gallery to assets and back, and prints what a visit leaves behind. Exit code 1 if a limit is exceeded.
 */
import { parseArgs } from 'node:util'
import { type CDPSession, chromium, type Page } from 'playwright-core'
import { startApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { mochaHooks } from '../support/app/mongo.ts'
import { signUp } from '../support/app/users.ts'
import { png } from '../support/data/samples.ts'
import * as viewable from '../support/data/viewable.ts'
import { buildClient } from '../support/web.ts'

const { values } = parseArgs({
  options: { triangles: { type: 'string', default: '600000' }, visits: { type: 'string', default: '20' } },
})
const VISITS = Number(values.visits)
/** Visits before the first count, in which parts of the client are loaded. */
const WARM_UP = 5
const COUNTS = 4
const COUNTS_MS = 1500
const MAX_TASK_MS = 500
const MAX_NODES_PER_VISIT = 20
const MAX_LISTENERS_PER_VISIT = 5
const MAX_BYTES_PER_VISIT = 100_000

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Returns an OBJ of a wavy square with normals and texture coordinates. */
function largeObj(triangles: number): Buffer {
  const side = Math.ceil(Math.sqrt(triangles / 2))
  const lines: string[] = []
  for (let y = 0; y <= side; y++)
    for (let x = 0; x <= side; x++) {
      const height = Math.sin(x / 9) * Math.cos(y / 7)
      lines.push(
        `v ${(x / side).toFixed(6)} ${(height / 20).toFixed(6)} ${(y / side).toFixed(6)}`,
        `vt ${(x / side).toFixed(4)} ${(y / side).toFixed(4)}`,
      )
    }
  const at = (x: number, y: number) => {
    const place = y * (side + 1) + x + 1
    return `${place}/${place}`
  }
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      lines.push(`f ${at(x, y)} ${at(x + 1, y)} ${at(x + 1, y + 1)} ${at(x, y + 1)}`)
  return Buffer.from(lines.join('\n'))
}

const OBSERVE = `
  self.tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: 'longtask',
    buffered: true,
  })`

/** Counts until nothing is waiting to be freed any more: the least of some counts. */
async function counts(devTools: CDPSession) {
  const least = {
    nodes: Number.POSITIVE_INFINITY,
    listeners: Number.POSITIVE_INFINITY,
    heap: Number.POSITIVE_INFINITY,
  }
  for (let n = 0; n < COUNTS; n++) {
    await devTools.send('HeapProfiler.collectGarbage')
    const { nodes, jsEventListeners } = await devTools.send('Memory.getDOMCounters')
    const { usedSize } = await devTools.send('Runtime.getHeapUsage')
    least.nodes = Math.min(least.nodes, nodes)
    least.listeners = Math.min(least.listeners, jsEventListeners)
    least.heap = Math.min(least.heap, usedSize)
    await new Promise((resolve) => setTimeout(resolve, COUNTS_MS))
  }
  return least
}

async function visit(page: Page, origin: string, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).click()
  await page.waitForURL((url) => url.href.startsWith(`${origin}/a/`))
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.locator('.stage .tools, .stage audio').first().waitFor()
  await page.getByRole('link', { name: 'Kura', exact: true }).click()
  await page.locator('[aria-posinset]').first().waitFor()
}

await buildClient()
const app = await startApp()
const user = await signUp(app, 'viewer')
const shown = { visibility: 'public' }
const picture = await png({ width: 1200, height: 800 })
const obj = largeObj(Number(values.triangles))
const { id } = await uploadAsset(user, { name: 'Large', ...shown }, { 'large.obj': obj })
await uploadAsset(user, { name: 'Picture', ...shown }, { 'picture.png': picture })
await uploadAsset(
  user,
  { name: 'Cube', ...shown },
  { 'cube.obj': viewable.cubeObj(), 'cube.mtl': viewable.cubeMtl() },
)
await uploadAsset(user, { name: 'Paper', ...shown }, { 'paper.pdf': viewable.squarePdf(3) })
await uploadAsset(user, { name: 'Notes', ...shown }, { 'notes.txt': Buffer.from('Notes\n') })

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
    ...['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  ],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
// models are drawn without a graphics card
page.setDefaultTimeout(120_000)
await page.addInitScript(OBSERVE)
await page.goto(`${app.origin}/a/${id}`)
const begun = performance.now()
await page.getByText(/[\d,]+ triangles/).waitFor()
await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 500)))')
const tasks = (await page.evaluate('tasks')) as number[]
const longest = Math.round(Math.max(0, ...tasks))
say(
  `${(obj.length / 1e6).toFixed(0)} MB of OBJ: shown after ${Math.round(performance.now() - begun)} ms, the longest task ${longest} ms (${tasks.map(Math.round).join(', ')})`,
)

await page.goto(app.origin)
await page.locator('[aria-posinset]').first().waitFor()
const devTools = await page.context().newCDPSession(page)
const names = ['Picture', 'Notes', 'Paper', 'Cube']
let isGood = longest <= MAX_TASK_MS
for (const name of names) {
  for (let n = 0; n < WARM_UP; n++) await visit(page, app.origin, name)
  const before = await counts(devTools)
  for (let n = 0; n < VISITS; n++) await visit(page, app.origin, name)
  const after = await counts(devTools)
  const by = (key: keyof typeof before) => (after[key] - before[key]) / VISITS
  say(
    `${name}: ${by('nodes').toFixed(1)} nodes, ${by('listeners').toFixed(1)} listeners, ${Math.round(by('heap') / 1000)} kB for each visit; ${after.nodes} nodes in all`,
  )
  isGood &&=
    by('nodes') <= MAX_NODES_PER_VISIT &&
    by('listeners') <= MAX_LISTENERS_PER_VISIT &&
    by('heap') <= MAX_BYTES_PER_VISIT
}
await browser.close()
await app.stop()
await mochaHooks.afterAll()
process.exit(isGood ? 0 : 1)
