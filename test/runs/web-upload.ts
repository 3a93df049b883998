/**
 * `npx tsx test/runs/web-upload.ts [GB] [kill]`: uploads a file of 1 GB through the upload page to a compiled service on the
 * disk, then chooses it again. With `kill` the service is killed and started again in the middle of the upload. Prints the
 * duration, the longest time in which the page did not react, and the memory of the browser.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { register } from '../support/app/client.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { signInBy } from '../support/web.ts'

const PART = 8_000_000
const parts = Math.round((Number(process.argv[2] ?? 1) * 1e9) / PART)
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

async function run(): Promise<void> {
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
  await signInBy(page, origin, username, password)
  await page.goto(`${origin}/upload`)
  await page.getByLabel('Choose files').waitFor()
  await page.evaluate(
    `{ let last = performance.now(); globalThis.longest = 0
      setInterval(() => { const now = performance.now(); globalThis.longest = Math.max(globalThis.longest, now - last - 20); last = now }, 20) }`,
  )
  const before = await browserBytes(profile)
  let most = before
  const begun = Date.now()
  await page.getByLabel('Choose files').setInputFiles(path)
  const row = page.getByRole('list', { name: 'Uploads' }).getByRole('listitem')
  let isKilled = process.argv[3] !== 'kill'
  for (;;) {
    const words = (await row.allTextContents()).join(' ')
    most = Math.max(most, await browserBytes(profile))
    if (words.includes('Uploaded')) break
    if (!isKilled && (await row.getByRole('progressbar').getAttribute('value')) !== '0') {
      isKilled = true
      service.signal('SIGKILL')
      await service.ended
      await startProcess({ DATA_DIR: join(folder, 'data'), PORT: new URL(origin).port })
      say('killed and started again')
    }
    if (Date.now() - begun > 600_000) throw new Error(`not finished: ${words}`)
    await page.waitForTimeout(500)
  }
  const seconds = (Date.now() - begun) / 1000
  const link = await row.getByRole('link').getAttribute('href')
  const answer = await fetch(`${origin}/api/assets/${link?.split('/').at(-1)}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  const { res } = (await answer.json()) as { res: { asset: { files: { sha256: string }[] } } }
  say(`${(parts * PART) / 1e9} GB in ${seconds.toFixed(1)} s`)
  say(`longest time without reaction: ${Math.round(Number(await page.evaluate('longest')))} ms`)
  say(`memory of the browser: ${Math.round(before / 1e6)} MB before, at most ${Math.round(most / 1e6)} MB`)
  say(`sha256: ${res.asset.files[0]?.sha256 === sha256 ? 'the same' : 'DIFFERENT'}`)
  const again = Date.now()
  await page.getByLabel('Choose files').setInputFiles(path)
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
