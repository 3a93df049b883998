/** Compares every answer in the tests with docs/openapi. The run fails at its end if one differs. */
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { checkExchange } from './check-exchange.ts'
import { routeOf } from './document.ts'
import { filesOutside, missingAnswers, type Run, unseenIn } from './seen-answers.ts'

/** Differences, with the first test that found each. */
const violations = new Map<string, string>()
const seen = new Set<string>()
let test = 'a hook'

/** Records every exchange of a server without changing requests or answers. */
export function recordAnswers(server: Server): void {
  server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
    const during = test
    const sent = captureRequestBody(req)
    const body = collectJson(res)
    res.once('finish', () => record(req, res, { sent: sent(), body: body() }, during))
  })
}

/** Returns a function that returns the text of a finished JSON answer. */
function collectJson(res: ServerResponse): () => string | undefined {
  const chunks: Buffer[] = []
  const capture = (chunk: unknown) => {
    if (!/json/.test(String(res.getHeader('content-type')))) return
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
  const capturing = <M extends (...args: never[]) => unknown>(method: M): M =>
    new Proxy(method, {
      apply(target, self, args) {
        capture(args[0])
        return Reflect.apply(target, self, args)
      },
    })
  res.write = capturing(res.write)
  res.end = capturing(res.end)
  return () => {
    if (chunks.length === 0) return undefined
    const bytes = Buffer.concat(chunks)
    const coding = res.getHeader('content-encoding')
    if (coding === 'br') return brotliDecompressSync(bytes).toString()
    return (coding === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  }
}

/** Returns a function that returns the parsed request body. It is copied, because validators can change it in place. */
function captureRequestBody(req: IncomingMessage): () => unknown {
  let body: unknown
  let asParsed: unknown
  Object.defineProperty(req, 'body', {
    configurable: true,
    enumerable: true,
    get: () => body,
    set(value: unknown) {
      body = value
      asParsed = structuredClone(value)
    },
  })
  // Multer fills its object after it has assigned it.
  return () => (isEmpty(asParsed) ? body : asParsed)
}

const isEmpty = (value: unknown) => Object.keys((value ?? {}) as object).length === 0

function record(
  req: IncomingMessage & { originalUrl?: string },
  res: ServerResponse,
  bodies: { sent: unknown; body: string | undefined },
  during: string,
): void {
  const { method = 'GET' } = req
  if (method === 'OPTIONS') return
  // A router under a mount path has a shorter `url`.
  const url = req.originalUrl ?? req.url ?? '/'
  // `URL` would read a host or another path, and no route has such a path
  if (/^\/\/|\/(?:\.|%2e){2}\//i.test(url)) return
  const { statusCode: status } = res
  const { pathname } = new URL(url, 'http://localhost')
  const path = routeOf(method, pathname)?.path
  if (path) seen.add(`${method} ${path} ${status}`)
  const sentType = req.headers['content-type']
  const errors = checkExchange({ method, url, status, headers: res.getHeaders(), sentType, ...bodies })
  for (const error of errors) {
    const violation = `${method} ${path ?? pathname} ${status}: ${error}`
    if (!violations.has(violation)) violations.set(violation, during)
  }
}

function describeRun(hook: Mocha.Context): Run {
  const root = hook.test?.parent
  if (!root) throw new Error('the hook is outside a run')
  let isGood = true
  root.eachTest((test) => {
    isGood &&= test.isPassed() || Boolean(test.isPending())
  })
  return { files: root.suites.flatMap(({ file }) => file ?? []), isGood, seen: [...seen] }
}

export const mochaHooks = {
  beforeEach(this: Mocha.Context) {
    test = this.currentTest?.fullTitle() ?? 'a hook'
  },
  async afterAll(this: Mocha.Context) {
    const problems = [...violations].map(([violation, during]) => `${violation}\n    in: ${during}`)
    const run = describeRun(this)
    const { KURA_TEST_RUNS, OPENAPI_UNSEEN } = process.env
    // check-runs.ts checks several runs together
    if (KURA_TEST_RUNS) await writeFile(join(KURA_TEST_RUNS, `${process.pid}.json`), JSON.stringify(run))
    else if ((await filesOutside([run])).length === 0)
      problems.push(...missingAnswers([run]).map((answer) => `${answer}: no test has seen it`))
    if (OPENAPI_UNSEEN) process.stdout.write(`${unseenIn([run], /./).join('\n')}\n`)
    if (problems.length > 0)
      throw new Error(`docs/openapi and the service differ:\n  ${problems.join('\n  ')}`)
  },
}
