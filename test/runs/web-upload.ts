/**
 * `npx tsx test/runs/web-upload.ts [GB] [kill] [cut] [reload]`: uploads a file of 1 GB through the upload page to a compiled
 * service on the disk, then chooses it again. In the middle of the upload the service is killed and started again (`kill`),
 * the network is cut and the upload cancelled and chosen again (`cut`), the page is reloaded and the file chosen again
 * (`reload`). Prints the duration, the longest time in which the page did not react, and the memory of the browser.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { register } from '../support/app/client.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { buildClient, signInBy } from '../support/web.ts'

const PART = 8_000_000
const [size = '1', ...wanted] = process.argv.slice(2)
const parts = Math.round((Number(size) * 1e9) / PART)
const folder = await mkdtemp(join(tmpdir(), 'kura-web-upload-'))
const say = (text: string) => process.stdout.write(`${text}\n`)

/** Writes a file of random bytes and returns its SHA-256. */
async function writeRandom(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  for (let part = 0; part < parts; part++) {
    const bytes = randomBytes(PART)
    hash.update(bytes)
    await file.write(bytes)
  }
  await file.close()
  return hash.digest('hex')
}

/** Returns the memory of all processes of the browser, in bytes. Shared pages count once for each. */
async function browserBytes(profile: string): Promise<number> {
  let bytes = 0
  for (const id of await readdir('/proc')) {
    if (!/^\d+$/.test(id)) continue
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    if (!command.includes(profile)) continue
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '')
    bytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
  }
  return bytes
}

/** Measures the longest time in which a page does not react. A reloaded page begins again. */
const OBSERVE = `{ let last = performance.now(); globalThis.longest = 0
  setInterval(() => { const now = performance.now(); globalThis.longest = Math.max(globalThis.longest, now - last - 20); last = now }, 20) }`

const rowOf = (page: Page) => page.getByRole('list', { name: 'Uploads' }).getByRole('listitem')
const choose = (page: Page, path: string) => page.getByLabel('Choose files').setInputFiles(path)

async function run(): Promise<void> {
  await buildClient()
  const service = await startProcess({ DATA_DIR: join(folder, 'data') })
  const { origin } = service
  const { token, username, password } = await register(origin)
  const path = join(folder, 'large.bin')
  const sha256 = await writeRandom(path)
  const profile = join(folder, 'profile')
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  const page = await context.newPage()
  await page.addInitScript(OBSERVE)
  await signInBy(page, origin, username, password)
  await page.goto(`${origin}/upload`)
  await page.getByLabel('Choose files').waitFor()
  let longest = 0
  const look = async () => {
    longest = Math.max(longest, Number(await page.evaluate('longest')))
  }
  const interrupt: Record<string, () => Promise<void>> = {
    async kill() {
      service.signal('SIGKILL')
      await service.ended
      await startProcess({ DATA_DIR: join(folder, 'data'), PORT: new URL(origin).port })
    },
    async cut() {
      await context.setOffline(true)
      await rowOf(page).getByRole('button', { name: 'Retry' }).waitFor()
      await rowOf(page).getByRole('button', { name: 'Cancel' }).click()
      await rowOf(page).waitFor({ state: 'detached' })
      await context.setOffline(false)
      await choose(page, path)
    },
    async reload() {
      await look()
      // the browser asks whether the upload is to be lost
      page.once('dialog', (dialog) => void dialog.accept())
      await page.reload()
      await rowOf(page).getByText('Choose the file again').waitFor()
      await choose(page, path)
    },
  }
  const before = await browserBytes(profile)
  let most = before
  const begun = Date.now()
  await choose(page, path)
  for (;;) {
    const words = (await rowOf(page).allTextContents()).join(' ')
    most = Math.max(most, await browserBytes(profile))
    if (words.includes('Uploaded')) break
    const [first] = wanted
    if (first && Number(await rowOf(page).getByRole('progressbar').getAttribute('value')) > PART) {
      wanted.shift()
      await interrupt[first]?.()
      say(`${first}: done after ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    }
    if (Date.now() - begun > 900_000) throw new Error(`not finished: ${words}`)
    await page.waitForTimeout(500)
  }
  const seconds = (Date.now() - begun) / 1000
  const link = await rowOf(page).getByRole('link').getAttribute('href')
  const answer = await fetch(`${origin}/api/assets/${link?.split('/').at(-1)}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  const { res } = (await answer.json()) as { res: { asset: { files: { sha256: string }[] } } }
  await look()
  say(`${(parts * PART) / 1e9} GB in ${seconds.toFixed(1)} s`)
  say(`longest time without reaction: ${Math.round(longest)} ms`)
  say(`memory of the browser: ${Math.round(before / 1e6)} MB before, at most ${Math.round(most / 1e6)} MB`)
  say(`sha256: ${res.asset.files[0]?.sha256 === sha256 ? 'the same' : 'DIFFERENT'}`)
  const again = Date.now()
  await choose(page, path)
  await page.getByText('You already have this file:').waitFor({ timeout: 600_000 })
  say(`chosen again: told as a duplicate after ${((Date.now() - again) / 1000).toFixed(1)} s`)
  await context.close()
}

try {
  await run()
} finally {
  await killAll()
  await rm(folder, { recursive: true, force: true })
}
