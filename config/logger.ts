import { type Logger, pino } from 'pino'
import type { Options } from 'pino-http'
import type { Config } from './env.ts'

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'current',
  'token',
  'accountKey',
  'passwordHash',
]

/** Logs as JSON lines; what is secret is left out wherever it stands. */
export function createLogger({ level }: Config['log']) {
  return pino({
    level,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), remove: true },
  })
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
  customLogLevel: (_req, res, error) => (error || res.statusCode >= 500 ? 'error' : 'info'),
})

/** Without the query, and without the token that is the key to a link or a signed URL. */
function pathOf(url: string): string {
  return (url.split('?')[0] ?? '').replace(/^(\/api\/(?:links|signed)\/)[^/]+/, '$1…')
}
