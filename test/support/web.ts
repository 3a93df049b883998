import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { bundleWeb } from '../../scripts/bundle-web.js'
import { startApp, type TestApp } from './app/app.ts'
import { startBrowser, type TestBrowser } from './browser.ts'
import { eventually } from './eventually.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
/** Rules of WCAG 2.2 AA and the best practices of axe. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** The rules that depend on colours. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/** Milliseconds that a test in the browser can take on a slow machine. */
export const BROWSER_TEST_MS = 300_000

/** Waits until the browser has drawn a change. */
const TWO_FRAMES = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))'

/** Waits until colours have changed. */
const NO_MOTION =
  'Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => undefined)'

let isBuilt = false

/** Builds the web client into dist/web, where the service looks for it. Once in a run. */
export async function buildClient(): Promise<void> {
  if (!isBuilt) await bundleWeb('dist/web')
  isBuilt = true
}

interface OpenPage {
  page: Page
  context: BrowserContext
  /** Errors of scripts, and violations of the content security policy. Both must be empty at the end of a test. */
  faults: string[]
}

/** A service with the web client. `stop` also closes the windows that are still open. */
export interface WebApp extends TestApp {
  /** Opens a page in a window without storage of others. @param address a path, or a URL */
  open(address?: string, options?: BrowserContextOptions): Promise<OpenPage>
}

/** Starts Chromium and a service with the web client for the tests of a suite. Call `stop` in an `after` hook. */
export async function startWeb(
  hook: Mocha.Context,
  options: Parameters<typeof startApp>[0] = {},
): Promise<WebApp> {
  const browser = await startBrowser(hook)
  await buildClient()
  const app = await startApp(options)
  return {
    ...app,
    open: (address = '/', window = {}) => openPage(browser, new URL(address, app.origin).href, window),
    async stop() {
      await browser.close()
      await app.stop()
    },
  }
}

async function openPage(
  browser: TestBrowser,
  address: string,
  options: BrowserContextOptions,
): Promise<OpenPage> {
  const context = await browser.open(options)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) faults.push(message.text())
  })
  await page.goto(address)
  return { page, context, faults }
}

/** Signs in with the form of the page. */
export async function signInBy(
  page: Page,
  origin: string,
  username: string,
  password: string,
): Promise<void> {
  await page.goto(`${origin}/sign-in`)
  await page.getByRole('textbox', { name: 'Username or email' }).fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}

interface Violation {
  id: string
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** Checks a page with axe-core, in light, and its colours also in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  // As a script of the page it would be forbidden by the policy of the page.
  const source = await readFile(AXE, 'utf8')
  for (const [colorScheme, rules] of [
    ['light', TAGS],
    ['dark', COLOURS],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction(`matchMedia('(prefers-color-scheme: ${colorScheme})').matches`)
    await page.evaluate(TWO_FRAMES)
    await page.evaluate(NO_MOTION)
    await page.evaluate(source)
    // on a slow machine parts of the page are drawn in the new colours later
    await eventually(async () => {
      const violations = (await page.evaluate(
        `axe.run({ runOnly: ${JSON.stringify(rules)} }).then(({ violations }) => violations)`,
      )) as Violation[]
      const told = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`),
      )
      expect(told, `${page.url()} ${colorScheme}`).to.deep.equal([])
    })
  }
}
