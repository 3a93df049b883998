/**
 * `npx tsx test/runs/web-models.ts [FOLDER]`: uploads every model in a folder with the files beside it, opens its page and
 * prints whether it is shown. The folder is the test models of assimp, if it is not given. Exit code 1 after an error of
 * a script, a violation of the content security policy, or a page that does not answer any more.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { chromium } from 'playwright-core'
import { MODEL_FORMATS } from '../../web/src/viewer/kinds.ts'
import { startApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { mochaHooks } from '../support/app/mongo.ts'
import { signUp } from '../support/app/users.ts'
import { buildClient } from '../support/web.ts'

const [folder = '/usr/share/assimp/models'] = process.argv.slice(2)
/** Most bytes and files beside a model that are uploaded with it. */
const MAX_BYTES = 30_000_000
const MAX_FILES = 60
const SHOWN_MS = 120_000

const say = (line: string) => process.stdout.write(`${line}\n`)
const isModel = (path: string) => MODEL_FORMATS.some((format) => path.toLowerCase().endsWith(`.${format}`))

/** Returns the paths of all files below a folder. */
const filesBelow = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Returns a model and the files in its folder. */
function withNeighbours(model: string): Record<string, Buffer> {
  const all: Record<string, Buffer> = { [basename(model)]: readFileSync(model) }
  let bytes = 0
  for (const path of filesBelow(dirname(model)).slice(0, MAX_FILES)) {
    if (isModel(path)) continue
    bytes += statSync(path).size
    if (bytes < MAX_BYTES) all[relative(dirname(model), path)] = readFileSync(path)
  }
  return all
}

await buildClient()
const app = await startApp()
const user = await signUp(app, 'models')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-dev-shm-usage'],
    ...['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  ],
})
const page = await browser.newPage({ viewport: { width: 480, height: 480 } })
// models are drawn without a graphics card
page.setDefaultTimeout(SHOWN_MS)
const faults: string[] = []
page.on('pageerror', ({ message }) => faults.push(message))
page.on('console', (message) => {
  if (/Content Security Policy|Trusted/.test(message.text())) faults.push(message.text())
})

type End = 'shown' | 'refused' | 'silent'

const counted: Record<string, Record<End, number>> = {}
let isGood = true
for (const model of filesBelow(folder).filter(isModel).sort()) {
  const format = model.split('.').at(-1)?.toLowerCase() ?? ''
  counted[format] ??= { shown: 0, refused: 0, silent: 0 }
  const { id } = await uploadAsset(
    user,
    { name: relative(folder, model).slice(-100), visibility: 'public' },
    withNeighbours(model),
  )
  await page.goto(`${app.origin}/a/${id}`)
  const viewer = page.getByRole('region', { name: 'Viewer' })
  const end: End = await viewer
    .locator('.facts, [role=alert]')
    .first()
    .waitFor()
    .then(
      async () => ((await viewer.locator('.facts').count()) > 0 ? 'shown' : 'refused'),
      () => 'silent',
    )
  counted[format][end]++
  const told =
    end === 'silent'
      ? 'NO ANSWER'
      : (await viewer.locator('.facts p, [role=alert] p').allTextContents()).join(' | ')
  say(`${end.padEnd(8)}${relative(folder, model)}: ${told}${faults.length > 0 ? ` FAULTS ${faults}` : ''}`)
  isGood &&= end !== 'silent' && faults.length === 0
  faults.length = 0
}
for (const [format, { shown, refused, silent }] of Object.entries(counted))
  say(`${format}: ${shown} shown, ${refused} with an error, ${silent} without an answer`)
await browser.close()
await app.stop()
await mochaHooks.afterAll()
process.exit(isGood ? 0 : 1)
