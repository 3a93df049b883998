import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { outputOf, requireProgram } from '../support/programs.ts'

const SECONDS = 20

/** Files that Chromium plays, and the arguments of ffmpeg that make them. */
const MEDIA: [name: string, source: string, args: string][] = [
  [
    'a.mp4',
    `testsrc=d=${SECONDS}:s=320x240:r=10`,
    '-c:v libx264 -b:v 800k -pix_fmt yuv420p -movflags faststart',
  ],
  ['a.webm', `testsrc=d=${SECONDS}:s=320x240:r=10`, '-c:v libvpx -b:v 800k -deadline realtime'],
  ['a.mp3', `sine=d=${SECONDS}`, '-b:a 128k'],
  ['a.wav', `sine=d=${SECONDS}`, ''],
]

/** What a player shows. Times are in seconds. */
interface Player {
  time: number
  duration: number
  paused: boolean
  error: string | null
}

/**
 * Runs a statement with the player of a tab as `media`, then returns what the player shows. The page runs no scripts of
 * its own, timers and promises neither, so that tests ask again and again.
 */
const withPlayer = (page: Page, statement = '') =>
  page.evaluate(`(() => {
    const media = document.querySelector('video, audio')
    ${statement}
    const { currentTime: time, duration, paused, error } = media
    return { time, duration, paused, error: error?.message ?? null }
  })()`) as Promise<Player>

describe('media in a tab', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let browser: TestBrowser
  let folder: string
  let asset: AssetAnswer

  before(async function () {
    requireProgram(this, 'ffmpeg')
    browser = await startBrowser(this)
    app = await startApp()
    ada = await signUp(app, 'ada')
    folder = await mkdtemp(join(tmpdir(), 'kura-media-'))
    const files = await Promise.all(
      MEDIA.map(async ([name, source, args]) => {
        const path = join(folder, name)
        const made = ['-v', 'error', '-f', 'lavfi', '-i', source, ...args.split(' ').filter(Boolean), path]
        await outputOf('ffmpeg', made)
        return [name, await readFile(path)] as const
      }),
    )
    asset = await uploadAsset(ada, {}, Object.fromEntries(files))
  })
  after(async () => {
    await browser?.close()
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  for (const [index, [name]] of MEDIA.entries())
    it(`GET /api/signed/:token?inline=1 – ${name} in a tab of Chromium → plays, seeks by a range, not counted`, async () => {
      const id = asset.files[index]?.id
      const { body } = await ada.get(`/api/assets/${asset.id}/url?file=${id}`).expect(200)
      const page = await (await browser.open()).newPage()
      const faults: string[] = []
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
      const statuses: number[] = []
      page.on('response', (response) => statuses.push(response.status()))
      await page.goto(`${app.origin}${body.res.url}?inline=1`)
      await withPlayer(page, 'media.muted = true; void media.play()')
      const isPlaying = (from: number) =>
        eventually(async () => {
          const { time, duration, paused, error } = await withPlayer(page)
          expect({ paused, error }).to.deep.equal({ paused: false, error: null })
          expect(duration).to.be.closeTo(SECONDS, 1)
          expect(time).to.be.within(from + 0.2, from ? SECONDS : SECONDS - 5)
        })
      await isPlaying(0)
      await withPlayer(page, `media.currentTime = ${SECONDS - 5}`)
      await isPlaying(SECONDS - 5)
      expect(statuses).to.include(206)
      expect(faults.filter((fault) => !fault.includes('favicon'))).to.deep.equal([])
      expect((await Asset.findById(asset.id).orFail().lean()).downloads).to.equal(0)
      await page.close()
    })
})
