import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'

/** Chromium of the system; playwright-core downloads none. */
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Milliseconds that a start of Chromium can take on a busy machine. */
const START_MS = 120_000

export interface TestBrowser {
  /** Opens a window without cookies, cache and storage of others. Closed with the browser. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>
  close(): Promise<void>
}

/**
 * Starts Chromium. Call it once in the `before` hook of a file, and `close` in an `after` hook. Skips the tests of the
 * hook where Chromium is not installed.
 */
export async function startBrowser(hook: Mocha.Context): Promise<TestBrowser> {
  if (!existsSync(PROGRAM)) hook.skip()
  hook.timeout(START_MS)
  const browser: Browser = await chromium.launch({
    executablePath: PROGRAM,
    // containers have neither user namespaces nor a large /dev/shm
    args: [
      ...['--no-sandbox', '--disable-dev-shm-usage'],
      // WebGL without a graphics card
      ...['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    ],
    timeout: START_MS,
  })
  return {
    async open(options = {}) {
      const context = await browser.newContext({ acceptDownloads: true, ...options })
      context.setDefaultTimeout(30_000)
      return context
    },
    close: () => browser.close(),
  }
}
