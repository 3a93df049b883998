import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Logger, pino } from 'pino'
import type { Config } from './env.ts'
import { type LogOutput, standardOutput } from './log-output.ts'

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'current',
  'token',
  'accountKey',
  'passwordHash',
]

type Output = Pick<LogOutput, 'write'>

/** Creates the log: JSON lines without fields that are secret. */
export function createLogger({ level }: Pick<Config['log'], 'level'>, output: Output = standardOutput) {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  return pino({ level, redact: { paths, remove: true } }, output)
}

/** Returns the output of the log: standard output, with lines for people if that is a terminal of a developer. */
export async function logOutput(
  { pretty }: Pick<Config['log'], 'pretty'>,
  { isTTY, hasColors }: Pick<typeof process.stdout, 'isTTY' | 'hasColors'> = process.stdout,
): Promise<Output> {
  if (!pretty || !isTTY) return standardOutput
  const { createPrettyOutput } = await import('./pretty-log.ts')
  return createPrettyOutput(standardOutput, { colorize: hasColors?.() ?? false })
}

/** Paths that are requested all the time. */
const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

type Request = IncomingMessage & {
  id?: unknown
  /** The address of the client, by Express. The connection of a request behind a proxy has the address of the proxy. */
  ip?: string | undefined
}

const ENDS = ['finish', 'close', 'error'] as const

/**
 * Returns a middleware that logs one line per request: method, path, address of the client, status and duration, but no
 * headers, query or body. A line whose level is off takes no time.
 */
export function logRequests(log: Logger) {
  // the logged fields contain no secrets, and looking for them takes time
  const requests = log.child({}, { redact: [] })
  return (req: Request, res: ServerResponse, next: () => void): void => {
    const url = req.url ?? ''
    const begin = performance.now()
    const end = (error?: Error) => {
      for (const event of ENDS) res.off(event, end)
      if (!error && QUIET.has(withoutQuery(url))) return
      const level = levelOf(res.statusCode, error)
      if (requests.isLevelEnabled(level))
        requests[level](...lineOf(req, url, res, performance.now() - begin, error))
    }
    for (const event of ENDS) res.on(event, end)
    next()
  }
}

/** A status above 500 is a decision of the service, such as a full queue. Its cause is logged separately as an error. */
export function levelOf(status: number, error?: Error): 'error' | 'warn' | 'info' {
  if (error || status === 500) return 'error'
  return status > 500 ? 'warn' : 'info'
}

/**
 * Returns whether a client got the status of an answer. The status is 200 until an answer begins, and a file can break
 * off after it. An error is answered before the rest of its request is read.
 */
export const isAnswered = ({ headersSent, writableFinished, statusCode }: ServerResponse) =>
  writableFinished || (headersSent && statusCode >= 400)

function lineOf(
  { id, method, ip, socket }: Request,
  url: string,
  res: ServerResponse,
  duration: number,
  error: Error | undefined,
): [fields: object, message: string] {
  const { statusCode, writableFinished } = res
  const fields = {
    reqId: id,
    req: { method, path: pathOf(url), remoteAddress: ip ?? socket.remoteAddress },
    ...(isAnswered(res) ? { res: { statusCode } } : {}),
    ...(error ? { err: error } : {}),
    responseTime: Math.round(duration),
  }
  if (error || statusCode >= 500) return [fields, 'request errored']
  // the client disconnected, or the answer could not be completed
  return [fields, writableFinished ? 'request completed' : 'request aborted']
}

const withoutQuery = (url: string) => url.split(/[?#]/, 1)[0] ?? ''

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
export function pathOf(url: string): string {
  const path = withoutQuery(url)
  let plain = path
  for (let count = 0; count < DECODINGS; count += 1)
    plain = plain.replace(/%([2-7][0-9a-f])/gi, (_all, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
  const redacted = plain.replaceAll('\\', '/').replace(TOKEN, '$1…').replace(LIKE_TOKEN, '…')
  return redacted.includes('…') ? redacted : path
}
