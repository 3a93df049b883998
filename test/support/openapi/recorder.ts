/** Holds every answer that a test sees against docs/openapi; the run fails at its end if one differs. */
import { readdir } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkExchange } from './check-exchange.ts'
import { documentedRoutes, routeOf } from './document.ts'

const TESTS = fileURLToPath(new URL('../..', import.meta.url))

/** By what is wrong: the first test that met it. */
const violations = new Map<string, string>()
const seen = new Set<string>()
let test = 'a hook'

/** Looks at every exchange of a server, from outside: requests and answers pass unchanged. */
export function recordAnswers(server: Server): void {
  server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
    const during = test
    const sent = keepSent(req)
    const body = collectJson(res)
    res.once('finish', () => record(req, res, { sent: sent(), body: body() }, during))
  })
}

/** The text of the answer once it has ended, if it is JSON. */
function collectJson(res: ServerResponse): () => string | undefined {
  const chunks: Buffer[] = []
  const keep = (chunk: unknown) => {
    if (!/json/.test(String(res.getHeader('content-type')))) return
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
  const listening = <M extends (...args: never[]) => unknown>(method: M): M =>
    new Proxy(method, {
      apply(target, self, args) {
        keep(args[0])
        return Reflect.apply(target, self, args)
      },
    })
  res.write = listening(res.write)
  res.end = listening(res.end)
  return () => (chunks.length > 0 ? Buffer.concat(chunks).toString() : undefined)
}

/** The body of the request as it was parsed: the rules of a route may change it in place. */
function keepSent(req: IncomingMessage): () => unknown {
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
  // Multer fills its object later
  return () => (req.headers['content-type']?.startsWith('multipart/') ? body : asParsed)
}

function record(
  req: IncomingMessage & { originalUrl?: string },
  res: ServerResponse,
  bodies: { sent: unknown; body: string | undefined },
  during: string,
): void {
  const { method = 'GET' } = req
  if (method === 'OPTIONS') return
  // a router under a mount path sees a shorter url
  const url = req.originalUrl ?? req.url ?? '/'
  const { statusCode: status } = res
  const { pathname } = new URL(url, 'http://localhost')
  const path = routeOf(method, pathname)?.path
  if (path) seen.add(`${method} ${path} ${status}`)
  const faults = checkExchange({ method, url, status, headers: res.getHeaders(), ...bodies })
  for (const fault of faults) {
    const violation = `${method} ${path ?? pathname} ${status}: ${fault}`
    if (!violations.has(violation)) violations.set(violation, during)
  }
}

/** Documented answers of these statuses that no test has seen. */
function unseen(statuses: RegExp): string[] {
  return documentedRoutes.flatMap(({ method, path, operation }) =>
    Object.keys(operation.responses)
      .filter((status) => statuses.test(status))
      .map((status) => `${method} ${path} ${status}`)
      .filter((answer) => !seen.has(answer)),
  )
}

/** Returns whether this run loaded every test file, and every test passed or is marked as pending. */
async function ranWholeSuite(hook: Mocha.Context): Promise<boolean> {
  const root = hook.test?.parent
  if (!root) return false
  const loaded = new Set(root.suites.map(({ file }) => file))
  let good = true
  root.eachTest((test) => {
    good &&= test.isPassed() || test.isPending()
  })
  const names = await readdir(TESTS, { recursive: true })
  return (
    good && names.filter((name) => name.endsWith('.test.ts')).every((name) => loaded.has(join(TESTS, name)))
  )
}

export const mochaHooks = {
  beforeEach(this: Mocha.Context) {
    test = this.currentTest?.fullTitle() ?? 'a hook'
  },
  async afterAll(this: Mocha.Context) {
    const problems = [...violations].map(([violation, during]) => `${violation}\n    in: ${during}`)
    if (await ranWholeSuite(this))
      problems.push(...unseen(/^2|304/).map((answer) => `${answer}: no test has seen it`))
    if (process.env.OPENAPI_UNSEEN) process.stdout.write(`${unseen(/./).join('\n')}\n`)
    if (problems.length > 0)
      throw new Error(`docs/openapi and the service differ:\n  ${problems.join('\n  ')}`)
  },
}
