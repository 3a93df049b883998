/** What signed in, as its `User-Agent` says. */
interface Device {
  kind: 'computer' | 'phone' | 'program'
  /** Browser or program; null if unknown. */
  app: string | null
  /** Operating system; null if unknown. */
  system: string | null
}

/** Browsers by what their `User-Agent` contains. The first match counts: most contain the names of others too. */
const BROWSERS: [name: string, pattern: RegExp][] = [
  ['Edge', /\bEdg(?:A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Vivaldi', /\bVivaldi\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|HeadlessChrome|CriOS|Chromium)\//],
  ['Safari', /\bVersion\/.*\bSafari\//],
]

const SYSTEMS: [name: string, pattern: RegExp][] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMac OS X\b|\bMacintosh\b/],
  ['Linux', /\bLinux\b|\bX11\b/],
]

const nameIn = (names: typeof BROWSERS, userAgent: string) =>
  names.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? null

/** Returns the device of a `User-Agent`. A client that is no browser is named by its first product, such as `curl`. */
export function deviceOf(userAgent: string | null): Device {
  const given = userAgent ?? ''
  const app = nameIn(BROWSERS, given)
  const system = nameIn(SYSTEMS, given)
  if (!app && !given.startsWith('Mozilla/')) {
    const [, product = null] = /^([\w.-]{1,40})(?:\/|$|\s)/.exec(given) ?? []
    return { kind: 'program', app: product, system }
  }
  return { kind: /\b(?:Mobile|iPad|Android)\b/.test(given) ? 'phone' : 'computer', app, system }
}
