import fc from 'fast-check'
import {
  type DocumentedRoute,
  documentedRoutes,
  type Parameter,
  resolve,
} from '../../support/openapi/document.ts'
import type { Target } from './target.ts'
import { each } from './wire.ts'

interface RequestCase {
  route: DocumentedRoute
  caller: 'owner' | 'other' | 'nobody' | 'broken'
  /** Values of the path parameters, in order. */
  path: string[]
  query: [string, string][]
  body: unknown
  headers: [string, string][]
}

/** Largest answer to a refused request, in bytes. */
const REFUSAL_BYTES = 16 * 1024
/** Time limit for an answer on a busy machine, in milliseconds. */
const ANSWER_MS = 60_000
/** Routes that would delete the attacking account or end its session. */
const LEFT_OUT = new Set([
  'DELETE /api/users/me',
  'POST /api/auth/logout',
  'PUT /api/auth/password',
  'DELETE /sign-out',
  'PATCH /change-password',
])

const odd = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e999',
    'NaN',
    'null',
    'true',
    '[]',
    '{}',
    '../..',
    '%00',
    '\u0000',
    '\uD800',
    '$gt',
    '__proto__',
    'constructor',
    '2026-W10',
    '2026-123',
    '2026-11-30T12',
    '2026-11-30T12:00:00,5Z',
    '9'.repeat(400),
    'a'.repeat(3000),
    '000000000000000000000000',
  ),
)

/** Text as it can be in a URL: a lone surrogate becomes U+FFFD. */
const encoded = (text: string) => encodeURIComponent(Buffer.from(text).toString())

/** Generates bodies of a route: its examples, its examples with some fields changed, and other values. */
function bodyOf(route: DocumentedRoute): fc.Arbitrary<unknown> {
  const media = route.operation.requestBody?.content['application/json']
  if (!media) return fc.constant(undefined)
  const { properties = {} } = resolve(media.schema as { properties?: object })
  const named = Object.values(media.examples ?? {}).map((one) => resolve<{ value: unknown }>(one).value)
  const examples = [media.example, ...named].filter((one) => one !== undefined) as object[]
  const names = Object.keys(properties)
  const value = fc.oneof(
    odd,
    fc.integer(),
    fc.constantFrom(true, null),
    fc.jsonValue(),
    fc.array(odd, { maxLength: 5 }),
  )
  const fields = fc.dictionary(names.length > 0 ? fc.oneof(fc.constantFrom(...names), odd) : odd, value, {
    maxKeys: 4,
  })
  const example = fc.constantFrom(...examples, {})
  return fc.oneof(
    example,
    fc.tuple(example, fields).map(([whole, changed]) => ({ ...whole, ...changed })),
    fields,
    fc.jsonValue(),
  )
}

/** Generates values of a parameter: valid ones from its schema, and unusual ones. */
function parameterValue({ schema, example }: Parameter): fc.Arbitrary<string> {
  const { enum: choices = [], type } = resolve(schema as { enum?: unknown[]; type?: string })
  const right = [...choices, example, type === 'boolean' ? '1' : type === 'integer' ? '3' : 'chair']
  return fc.oneof(fc.constantFrom(...right.filter((one) => one !== undefined).map(String)), odd)
}

function casesOf(target: Target): fc.Arbitrary<RequestCase> {
  const known = Object.values(target.ids).flat()
  const routes = documentedRoutes.filter(({ method, path }) => !LEFT_OUT.has(`${method} ${path}`))
  return fc.constantFrom(...routes).chain((route) => {
    const parameters = route.parameters.filter((one) => one.in === 'query')
    const anything = fc.tuple(odd, odd)
    const query = fc.oneof(
      ...parameters.map((one) => parameterValue(one).map((value): [string, string] => [one.name, value])),
      anything,
    )
    const header = fc.tuple(
      fc.constantFrom(
        'If-Match',
        'If-None-Match',
        'Range',
        'If-Range',
        'X-Link-Password',
        'X-Request-Id',
        'Origin',
        'Accept',
        'Content-Type',
        'X-Forwarded-For',
        'If-Modified-Since',
      ),
      odd.map((text) => text.replace(/[^\x20-\x7e]/g, '').trim()),
    )
    return fc.record({
      route: fc.constant(route),
      caller: fc.constantFrom('owner', 'owner', 'other', 'nobody', 'broken'),
      path: fc.array(fc.oneof(fc.constantFrom(...known), fc.constantFrom(...known), odd), {
        minLength: 4,
        maxLength: 4,
      }),
      query: fc.array(query, { maxLength: 3 }),
      body: bodyOf(route),
      headers: fc.array(header, { maxLength: 2 }),
    })
  })
}

/** Sends random requests to every documented route, as the owner, as another user, and without an account. */
export async function attackRoutes(target: Target, count: number, seed: number): Promise<void> {
  const other = await target.account()
  const tokens = { owner: target.owner.token, other: other.token, broken: 'a.b.c', nobody: null }
  await each(fc.sample(casesOf(target), { numRuns: count, seed }), 8, async (one) => {
    const { route, caller, path, query, headers } = one
    let place = 0
    const pathname = route.path.replace(/\{\w+\}/g, () => encoded(String(path[place++] || 'x')))
    const search = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')
    const given = new Headers(headers)
    if (tokens[caller]) given.set('Authorization', `Bearer ${tokens[caller]}`)
    const body = bodyText(one)
    if (body !== undefined) given.set('Content-Type', 'application/json')
    const address = `${target.origin}${pathname}${search && `?${search}`}`
    const what = () =>
      `${route.method} ${pathname}?${search} as ${caller}, ${JSON.stringify([...given])}, ${String(body).slice(0, 500)}`
    try {
      const request = {
        method: route.method,
        headers: given,
        body: body ?? null,
        redirect: 'manual' as const,
        signal: AbortSignal.timeout(ANSWER_MS),
      }
      const answer = await fetch(address, request)
      const text = await answer.text()
      target.answered(answer.status, what)
      if (answer.status >= 400 && text.length > REFUSAL_BYTES)
        target.fail(`a refusal of ${text.length} bytes: ${what()}`)
    } catch (error) {
      target.fail(`${(error as Error).name}: no answer to ${what()}`)
    }
  })
}

/** Returns the body as JSON. fetch cannot send a body with GET. */
function bodyText({ route, body }: RequestCase): string | undefined {
  return route.method === 'GET' || body === undefined ? undefined : JSON.stringify(body)
}
