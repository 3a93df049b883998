import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'

/** Chromium of the system; playwright-core downloads none. */
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Milliseconds that a start of Chromium can take on a busy machine. */
const START_MS = 120_000

/** Milliseconds that an action in a page, or the state that a test waits for, can take on a slow machine. */
const ACTION_MS = 60_000

export interface TestBrowser {
  /** Opens a window without cookies, cache and storage of others. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>
  /** Closes the windows that were opened here. */
  close(): Promise<void>
}

let running: Promise<Browser> | undefined

/**
 * Returns Chromium, which starts once in a run. Call it in the `before` hook of a suite, and `close` in an `after` hook.
 * Where Chromium is not installed, skips the tests of the hook.
 *
 * @throws when Chromium is not installed, with KURA_TEST_BROWSER=required
 */
export async function startBrowser(hook: Mocha.Context): Promise<TestBrowser> {
  if (!existsSync(PROGRAM)) {
    if (process.env.KURA_TEST_BROWSER === 'required') throw new Error(`${PROGRAM} is not installed`)
    hook.skip()
  }
  hook.timeout(START_MS)
  running ??= launch()
  const browser = await running
  const contexts: BrowserContext[] = []
  return {
    async open(options = {}) {
      const context = await browser.newContext({ acceptDownloads: true, ...options })
      context.setDefaultTimeout(ACTION_MS)
      contexts.push(context)
      return context
    },
    async close() {
      for (const context of contexts) await context.close()
    },
  }
}

async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    // containers have neither user namespaces nor a large /dev/shm
    args: [
      ...['--no-sandbox', '--disable-dev-shm-usage'],
      // WebGL without a graphics card
      ...['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    ],
    timeout: START_MS,
  })
  // the next suite starts another one after a crash
  browser.once('disconnected', () => {
    running = undefined
  })
  return browser
}

export const mochaHooks = {
  async afterAll() {
    await (await running)?.close()
  },
}
