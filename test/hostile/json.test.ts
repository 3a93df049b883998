import { expect } from 'chai'
import { useServiceWithAsset } from '../support/app/service-with-asset.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { documentedRoutes, resolve, type Schema } from '../support/openapi/document.ts'
import { takesJson } from '../support/openapi/fixture.ts'

const MAX_DETAILS = 20
const MAX_ANSWER_BYTES = 8000

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const nestedObjects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const wide = (count: number) => Array.from({ length: count }, (_, n) => `"x${n}":1`).join()

/** Values that are sent in every field, known or unknown. */
const VALUES: [name: string, json: string][] = [
  ['arrays 40,000 deep', nested(40_000)],
  ['objects 15,000 deep', nestedObjects(15_000)],
  ['an array of 49,000 numbers', `[${'1,'.repeat(48_999)}1]`],
  ['an array of 20,000 nulls', `[${'null,'.repeat(19_999)}null]`],
  ['an object that has no conversion to text', '{"toString":1,"valueOf":1}'],
  [
    'an object with names that databases reserve',
    '{"$where":"1","a.b":1,"":1,"__proto__":{"x":1},"constructor":{}}',
  ],
  ['NUL and half a character', String.raw`"\u0000\ud800"`],
  ['a huge number', '1e400'],
  ['a false', 'false'],
]
const BODIES: [name: string, json: string][] = [
  ['an array of 49,000 numbers', `[${'1,'.repeat(48_999)}1]`],
  ['an array 49,000 deep', nested(49_000)],
  ['9,000 unknown fields', `{${wide(9000)}}`],
  ['an unknown field with a name of 90,000 characters', `{"${'n'.repeat(90_000)}":1}`],
  ['inherited names', '{"__proto__":{"a":1},"constructor":1,"toString":1,"hasOwnProperty":1}'],
]

interface Refusal {
  code: string
  details?: { field: string; message: string }[]
}

const fieldsOf = (schema: Schema): string[] => {
  const { properties = {}, allOf = [] } = resolve(schema) as { properties?: object; allOf?: Schema[] }
  return [...Object.keys(properties), ...allOf.flatMap(fieldsOf)]
}

describe('hostile JSON', function () {
  this.timeout(180_000)
  after(closeSockets)
  const service = useServiceWithAsset()

  const judge = (status: number | string, err: Refusal | undefined, text: string, what: string) => {
    expect(status, `${what}: ${text.slice(0, 300)}`).to.not.be.oneOf([500, 'internal'])
    expect(err?.details?.length ?? 0, what).to.be.at.most(MAX_DETAILS)
    expect(text.length, what).to.be.below(MAX_ANSWER_BYTES)
  }

  // excluded: these requests end the account or session that the others need
  const ENDS = ['DELETE /api/users/me', 'PUT /api/auth/password']
  const routes = documentedRoutes.filter(takesJson)
  for (const route of routes) {
    const { path, method, operation } = route
    const schema = operation.requestBody?.content['application/json']?.schema ?? {}
    it(`${method} ${path} – deep and wide JSON → no 500, at most ${MAX_DETAILS} details`, async () => {
      const fields = [...fieldsOf(schema), 'unknown']
      const bodies = [
        ...BODIES,
        ...fields.flatMap((field) =>
          VALUES.filter(
            ([, json]) => field !== 'password' || !ENDS.includes(`${method} ${path}`) || json[0] === '[',
          ).map(([name, json]): [string, string] => [`${field}: ${name}`, `{"${field}":${json}}`]),
        ),
      ]
      const url = service().urlOf(path)
      const headers = { Authorization: `Bearer ${service().token}`, 'Content-Type': 'application/json' }
      for (const [what, body] of bodies) {
        const answer = await fetch(url, { method, headers, body })
        const text = await answer.text()
        const err = answer.headers.get('Content-Type')?.startsWith('application/json')
          ? (JSON.parse(text) as { err?: Refusal }).err
          : undefined
        judge(answer.status, err, text, what)
      }
    })
  }

  it('PATCH /api/users/me – settings of 32 levels → 200; of 33 or 40,000 levels → 400 with the field name', async () => {
    const patch = async (json: string) => {
      const headers = { Authorization: `Bearer ${service().token}`, 'Content-Type': 'application/json' }
      const body = `{"settings":${json},"name":5,"zzz":1}`
      const answer = await fetch(`${service().origin}/api/users/me`, { method: 'PATCH', headers, body })
      return (await answer.json()) as { err: Refusal }
    }
    const of = async (json: string) => (await patch(json)).err.details?.map(({ field }) => field)
    expect(await of(nestedObjects(32))).to.have.members(['name', 'zzz'])
    for (const json of [nestedObjects(33), `{"a":${nested(32)}}`, `{"a":${nested(40_000)}}`])
      expect(await of(json)).to.have.members(['settings', 'name', 'zzz'])
  })

  it('/ws – deep and wide arguments → no internal error, at most 20 details', async () => {
    const operations: Record<string, string[]> = {
      login: ['login', 'username', 'email', 'mobile', 'countryCode', 'password'],
      create: ['username', 'password', 'email', 'name'],
      auth: ['token'],
      list: ['q', 'tag', 'createdAfter', 'cursor', 'limit', 'sort', 'facets'],
      get: ['id'],
      remove: ['id', 'force'],
      upload: ['name', 'size', 'tags', 'visibility', 'description'],
      space: [],
      subscribe: [],
    }
    const refusals: Record<string, Refusal[]> = {}
    for (const [op, fields] of Object.entries(operations)) {
      const bodies = [
        ...BODIES.map(([, json]) => json),
        ...[...fields, 'unknown'].flatMap((field) => VALUES.map(([, json]) => `{"${field}":${json}}`)),
      ]
      for (const args of bodies) {
        const socket = await SocketClient.open(service().origin)
        socket.socket.send(`{"id":1,"op":"${op}","args":${args}}`)
        const answer = await socket.find(({ id }) => id === 1)
        judge(answer.err?.code ?? 'success', answer.err, JSON.stringify(answer), `${op} ${args.slice(0, 60)}`)
        if (answer.err) refusals[op] = [...(refusals[op] ?? []), answer.err]
        socket.close()
        await socket.closed
      }
    }
    expect(Object.keys(refusals)).to.include.members(['login', 'list', 'get'])
  })
})
