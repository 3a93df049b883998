import { type Logger, pino } from 'pino'
import type { Options } from 'pino-http'
import type { Config } from './env.ts'
import { standardOutput } from './log-output.ts'

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'current',
  'token',
  'accountKey',
  'passwordHash',
]

/** Logs as JSON lines on standard output; what is secret is left out wherever it stands. */
export function createLogger({ level }: Config['log']) {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  return pino({ level, redact: { paths, remove: true } }, standardOutput)
}

const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

/** One line a request: what was asked, what came of it, how long it took; no headers, no query, no body. */
export const requestLog = (log: Logger): Options => ({
  // what is left has no secrets to look for, which takes its time
  logger: log.child({}, { redact: [] }),
  quietReqLogger: true,
  serializers: {
    req: ({ method, url, remoteAddress }) => ({ method, path: pathOf(url), remoteAddress }),
    res: ({ statusCode }) => ({ statusCode }),
  },
  autoLogging: { ignore: ({ url = '' }) => QUIET.has(pathOf(url)) },
  // what is above 500 is a decision of the service, such as a full queue; a cause is logged apart, as an error
  customLogLevel: (_req, res, error) =>
    error || res.statusCode === 500 ? 'error' : res.statusCode > 500 ? 'warn' : 'info',
})

/** The segment behind `links` or `signed`, unless it is the id of a link, which opens nothing. */
const TOKEN = /(\/(?:links|signed)\/+)(?![0-9a-f]{24}(?:\/|$))[^/]+/gi
/** Text as long as a token, wherever it stands: a client can mistype the rest of the address. Ids have 36 at most. */
const LIKE_TOKEN = /[\w-]{40,}(?:\.[\w-]+)*/g
/** How often a path is decoded: proxies and clients encode what is encoded already. */
const DECODINGS = 3

/**
 * Returns the path without the query and without the token that opens a link or a signed URL. Case, slashes and
 * percent-encoding can differ from the route, because a request that finds no route is logged too: then everything
 * that can be a token is left out.
 */
function pathOf(url: string): string {
  const path = url.split(/[?#]/)[0] ?? ''
  let plain = path
  for (let count = 0; count < DECODINGS; count += 1)
    plain = plain.replace(/%([2-7][0-9a-f])/gi, (_all, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
  const redacted = plain.replaceAll('\\', '/').replace(TOKEN, '$1…').replace(LIKE_TOKEN, '…')
  return redacted.includes('…') ? redacted : path
}
