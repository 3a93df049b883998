import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import {
  type DocumentedRoute,
  type Header,
  type MediaType,
  openApi,
  type Response,
  resolve,
  routeOf,
  type Schema,
} from './document.ts'

/** One request and its answer, as sent over the network. */
export interface Exchange {
  method: string
  /** Path and query. */
  url: string
  /** Parsed body of the request, if any. */
  sent: unknown
  /** Content-Type of the request. */
  sentType?: string | undefined
  status: number
  /** Headers of the answer; names in lower case. */
  headers: Record<string, string | string[] | number | undefined>
  /** Text of a JSON answer. */
  body?: string | undefined
}

/** Scripts and styles of the documentation page. They are not part of the API. */
export const PAGE_FILE = /^\/(?:docs|web)\/./

const DOCUMENT_ID = 'kura:openapi'
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
for (const name of ['binary', 'idn-email', 'password']) ajv.addFormat(name, true)
ajv.addSchema({ $id: DOCUMENT_ID, ...openApi }, undefined, undefined, false)

/** Returns the errors of a value by a schema of the document; none if the value is valid. */
export function schemaErrors(schema: Schema, value: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(absolute(schema))
  compiled.set(schema, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`.trim(),
  )
}

const compiled = new Map<Schema, ReturnType<typeof ajv.compile>>()

/** Returns the schema with its references made absolute, so that they point into the document. */
function absolute(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === '$ref' && typeof value === 'string' ? `${DOCUMENT_ID}${value}` : value,
  )
}

/** Returns the differences between an exchange and the document, one sentence each. */
export function checkExchange(exchange: Exchange): string[] {
  const { pathname, searchParams } = new URL(exchange.url, 'http://localhost')
  const route = routeOf(exchange.method, pathname)
  if (!route && PAGE_FILE.test(pathname)) return []
  if ((!route || pathname === '/') && isPage(exchange)) return []
  if (!route) return checkUndocumented(exchange)
  const response = route.operation.responses[exchange.status]
  if (!response)
    return refusesUnwantedBody(route, exchange) ? [] : ['answers a status that is not documented']
  const documented = resolve<Response>(response)
  return [
    ...(exchange.status < 300 ? checkRequest(route, searchParams, exchange) : []),
    ...checkHeaders(documented, exchange),
    ...checkBody(documented, exchange),
  ]
}

/** Returns whether the answer is a page of the web client. The document describes only the answers for programs. */
function isPage({ status, headers }: Exchange): boolean {
  return [200, 404].includes(status) && /^text\/html/.test(String(headers['content-type']))
}

/** Checks that a path or method that is not in the document is refused. */
function checkUndocumented({ method, status, body }: Exchange): string[] {
  if (status !== 404 && status !== 405) return ['answers, but is not documented']
  return method === 'HEAD' ? [] : checkError(body)
}

/** Returns whether the answer refuses an unexpected body. The document describes that once for all routes. */
function refusesUnwantedBody({ operation }: DocumentedRoute, { method, status, body }: Exchange): boolean {
  if (operation.requestBody || ![400, 413, 415, 422].includes(status)) return false
  return method === 'HEAD' || checkError(body).length === 0
}

function checkError(body: string | undefined): string[] {
  const formats = ['Error', 'BareError'].map((name) => ({ $ref: `#/components/schemas/${name}` }))
  return schemaErrors({ anyOf: formats }, parsed(body))
}

/** Checks that every query parameter and body field of a successful request is documented. */
function checkRequest(
  { parameters, operation }: DocumentedRoute,
  query: URLSearchParams,
  { sent, sentType }: Exchange,
): string[] {
  const known = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  const takesOthers = operation.operationId.startsWith('kumo')
  const unknown = takesOthers ? [] : [...new Set(query.keys())].filter((name) => !known.includes(name))
  return [
    ...unknown.map((name) => `takes the query parameter ${name}, which is not documented`),
    ...judgeSent(
      operation.requestBody?.content,
      operation.tags.includes('Compatibility') ? withoutEmpty(sent) : sent,
      sentType,
    ),
  ]
}

/** Returns a body as the routes of earlier services read it: without empty fields. */
const withoutEmpty = (sent: unknown) =>
  Object.fromEntries(Object.entries((sent ?? {}) as object).filter(([, value]) => value !== ''))

function judgeSent(
  content: Record<string, MediaType> | undefined,
  sent: unknown,
  sentType = 'application/json',
): string[] {
  const json = content?.['application/json']
  if (json && sentType.includes('json'))
    return schemaErrors(json.schema, sent ?? {}).map(
      (fault) => `takes a body that is not documented: ${fault}`,
    )
  const { schema } = json ?? content?.['multipart/form-data'] ?? { schema: {} }
  const fields = Object.keys((resolve(schema).properties ?? {}) as object)
  return Object.keys((sent ?? {}) as object)
    .filter((name) => !fields.some((field) => field === name || field.startsWith(`${name}[`)))
    .map((name) => `takes the field ${name}, which is not documented`)
}

function checkHeaders({ headers = {} }: Response, exchange: Exchange): string[] {
  return Object.entries(headers).flatMap(([name, reference]) => {
    const { required, schema } = resolve<Header>(reference)
    const value = exchange.headers[name.toLowerCase()]
    if (value === undefined) return required ? [`lacks the header ${name}`] : []
    const typed = schema.type === 'integer' ? Number(value) : String(value)
    return schemaErrors(schema, typed).map((fault) => `header ${name}: ${typed} ${fault}`)
  })
}

function checkBody({ content }: Response, { method, headers, body }: Exchange): string[] {
  const type = String(headers['content-type'] ?? '').replace(/;.*/, '')
  if (!content) return body || (type && method !== 'HEAD' && headers['content-length']) ? ['has a body'] : []
  const media = content[type] ?? content['*/*']
  if (!media) return [`is ${type || 'nothing'}, not ${Object.keys(content).join(' or ')}`]
  if (media.schema.type === 'string' || method === 'HEAD') return []
  return schemaErrors(media.schema, parsed(body))
}

function parsed(body = ''): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return `no JSON: ${body.slice(0, 100)}`
  }
}
