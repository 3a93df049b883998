import { expect } from 'chai'
import mongoose from 'mongoose'
import type { Test } from 'supertest'
import { storeWaitingTerms } from '../../models/term-writer.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp } from '../support/app/users.ts'
import { documentedRoutes, resolve } from '../support/openapi/document.ts'
import { takesJson } from '../support/openapi/fixture.ts'
import { CASES, type Fields, JSON_ONLY } from './forms.cases.ts'

const routes = documentedRoutes.filter(takesJson)

/** Returns the fields as a form names them: lists repeated, objects with brackets. */
const pairsOf = (fields: Fields): [string, string][] =>
  Object.entries(fields).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.map((one): [string, string] => [name, String(one)])
    if (typeof value !== 'object' || value === null) return [[name, String(value)] as [string, string]]
    return Object.entries(value).map(([inner, text]): [string, string] => [`${name}[${inner}]`, String(text)])
  })

const urlencoded = (fields: Fields) => new URLSearchParams(pairsOf(fields)).toString()

/** The ways to send a body. An empty multipart body has no part, which supertest cannot send. */
const ENCODINGS: Record<string, (request: Test, fields: Fields) => Test> = {
  JSON: (request, fields) => request.send(fields),
  urlencoded: (request, fields) => request.type('form').send(urlencoded(fields)),
  multipart: (request, fields) => {
    for (const [name, value] of pairsOf(fields)) request.field(name, value)
    return request
  },
}

const SOON_MS = 40 * 86_400_000

/** Replaces what differs in two equal runs: ids by their order, secrets, and times of the run. */
function comparable(value: unknown): unknown {
  const ids = new Map<string, number>()
  const numbered = (id: string) => {
    if (!ids.has(id)) ids.set(id, ids.size)
    return `id ${ids.get(id)}`
  }
  const text = JSON.stringify(value, (_key, one) =>
    typeof one === 'string' && Math.abs(Date.parse(one) - Date.now()) < SOON_MS ? 'now' : one,
  )
  return JSON.parse(
    text
      .replace(/"tokenHash":"[^"]+"/g, '"tokenHash":"hash"')
      .replace(/eyJ[\w.-]+/g, 'token')
      .replace(/\$2[aby]\$[^"]+/g, 'hash')
      .replace(/(?<![\da-f])(?:[\da-f]{24}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\da-f])/g, numbered)
      .replace(/\w+-[\da-f]{8}(?![\da-f])/g, 'generated name')
      .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, 'secret'),
  )
}

/** Returns what the collections hold of accounts, assets, projects and links, without the order of their ids. */
async function stored(): Promise<Record<string, string[]>> {
  // removes the marks of assets whose words wait
  await storeWaitingTerms()
  const all = ['User', 'Asset', 'Project', 'Link'].map(async (name) => {
    // the ledger of a process numbers its entries over all services of the test run
    const documents = await mongoose.model(name).find({}, { 'space.settled': 0 }).lean()
    return [name, documents.map((one) => JSON.stringify(comparable(one))).sort()] as const
  })
  return Object.fromEntries(await Promise.all(all))
}

interface Sent {
  what: string
  status: number
  body: unknown
}

/** Sends every case in one encoding to a new service. */
async function run(send: (request: Test, fields: Fields) => Test) {
  const app = await startApp()
  try {
    const sent: Sent[] = []
    for (const { method, path, operation } of routes)
      sent.push(...(await ask(app, { method, path, id: operation.operationId }, send)))
    return { sent, stored: await stored() }
  } finally {
    await app.stop()
  }
}

/** Names of the fields of all cases, by operation. */
const sentFields: Record<string, Set<string>> = {}

async function ask(
  app: TestApp,
  { method, path, id }: { method: string; path: string; id: string },
  send: (request: Test, fields: Fields) => Test,
): Promise<Sent[]> {
  const name = id.toLowerCase()
  const user = await signUp(app, name)
  const requests = (await CASES[id]?.({ app, user, name })) ?? []
  const sent: Sent[] = []
  sentFields[id] = new Set(requests.flatMap(({ fields }) => Object.keys(fields)))
  for (const { fields, params = {}, as = user } of requests) {
    const url = path.replace(/\{(\w+)\}/g, (_all, key: string) => params[key] ?? 'none')
    const verb = method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete'
    const answer = await send((as ?? app.api)[verb](url) as Test, fields).set('X-Request-Id', 'matrix')
    const body = comparable(answer.body)
    sent.push({
      what: `${method} ${path} ${JSON.stringify(comparable(fields))}`,
      status: answer.status,
      body,
    })
  }
  return sent
}

describe('bodies of all routes that take JSON', function () {
  this.timeout(120_000)
  const runs: Record<string, Awaited<ReturnType<typeof run>>> = {}
  before(async () => {
    for (const [name, send] of Object.entries(ENCODINGS)) runs[name] = await run(send)
  })

  it('documented routes – take JSON → each has a case with all its fields', () => {
    expect(Object.keys(CASES).sort()).to.deep.equal(
      routes.map(({ operation }) => operation.operationId).sort(),
    )
    for (const { operation } of routes) {
      const { operationId, requestBody } = operation
      const { schema = {} } = requestBody?.content['application/json'] ?? {}
      const fields = Object.keys((resolve(schema).properties ?? {}) as object)
      const nested = fields.filter((field) => `${operationId} ${field}` in JSON_ONLY)
      const forms = ['application/x-www-form-urlencoded', 'multipart/form-data'].map((type) =>
        Object.keys((resolve(requestBody?.content[type]?.schema ?? {}).properties ?? {}) as object),
      )
      const known = fields.filter((field) => !nested.includes(field))
      expect([...(sentFields[operationId] ?? [])], operationId).to.have.members(known)
      for (const form of forms) expect([...form, ...nested], operationId).to.have.members(fields)
    }
  })

  it('every case – JSON → succeeds', () => {
    expect(runs.JSON?.sent.length).to.be.greaterThan(routes.length)
    expect(runs.JSON?.sent.filter(({ status }) => status >= 300)).to.deep.equal([])
  })

  for (const name of Object.keys(ENCODINGS).slice(1))
    it(`every case – ${name} → same status, answer and records as JSON`, () => {
      for (const [index, one] of (runs.JSON?.sent ?? []).entries())
        expect(runs[name]?.sent[index]).to.deep.equal(one)
      for (const [model, documents] of Object.entries(runs.JSON?.stored ?? {}))
        for (const [index, one] of documents.entries())
          expect(runs[name]?.stored[model]?.[index], model).to.equal(one)
    })
})
