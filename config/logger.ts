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

/** Creates the log: JSON lines on standard output, without fields that are secret. */
export function createLogger({ level }: Config['log']) {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  return pino({ level, redact: { paths, remove: true } }, standardOutput)
}

const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

/** Logs one line per request: method, path, address, status and duration, but no headers, query or body. */
export const requestLog = (log: Logger): Options => ({
  // the logged fields contain no secrets, and looking for them takes time
  logger: log.child({}, { redact: [] }),
  quietReqLogger: true,
  serializers: {
    req: ({ method, url, remoteAddress }) => ({ method, path: pathOf(url), remoteAddress }),
    res: ({ statusCode }) => ({ statusCode }),
  },
  autoLogging: { ignore: ({ url = '' }) => QUIET.has(pathOf(url)) },
  // a status above 500 is a decision of the service, such as a full queue; its cause is logged separately as an error
  customLogLevel: (_req, res, error) =>
    error || res.statusCode === 500 ? 'error' : res.statusCode > 500 ? 'warn' : 'info',
})

/** Matches the token: the segment after `links` or `signed`, unless it is the id of a link, which gives no access. */
const TOKEN = /(\/(?:links|signed)\/+)(?![0-9a-f]{24}(?:\/|$))[^/]+/gi
/** Matches text as long as a token anywhere in a mistyped path. Ids have at most 36 characters. */
const LIKE_TOKEN = /[\w-]{40,}(?:\.[\w-]+)*/g
/** How often a path is decoded, because proxies and clients can encode a path again. */
const DECODINGS = 3

/**
 * Returns the path without the query and without the token of a link or a signed URL. Requests without a route are logged
 * too, so case, slashes and percent-encoding can differ from the route. Everything that can be a token is removed.
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
