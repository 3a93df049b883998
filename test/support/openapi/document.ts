import { joinOpenApi } from '../../../controllers/openapi/join.js'

export type Schema = Record<string, unknown>

interface Reference {
  $ref: string
}

export interface Header {
  required?: boolean
  schema: Schema
}

export interface MediaType {
  schema: Schema
  example?: unknown
  examples?: Record<string, { value: unknown } | Reference>
}

export interface Response {
  description: string
  headers?: Record<string, Header | Reference>
  content?: Record<string, MediaType>
}

export interface Parameter {
  name: string
  in: 'query' | 'header' | 'path'
  schema: Schema
  example?: unknown
  examples?: Record<string, { value: unknown }>
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  parameters?: (Parameter | Reference)[]
  /** Default: the security of the document. */
  security?: Record<string, string[]>[]
  requestBody?: { content: Record<string, MediaType> }
  responses: Record<string, Response | Reference>
}

interface PathItem extends Partial<Record<Method, Operation>> {
  parameters?: (Parameter | Reference)[]
}

interface OpenApiDocument {
  openapi: string
  info: { version: string }
  security: Record<string, string[]>[]
  tags: { name: string }[]
  paths: Record<string, PathItem>
  components: Record<string, Record<string, unknown>>
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const
type Method = (typeof METHODS)[number]

/** One route of the document. */
export interface DocumentedRoute {
  /** Path in the form of the document: `/api/assets/{assetId}`. */
  path: string
  /** In upper case. */
  method: string
  operation: Operation
  /** Parameters of the path and of the operation. */
  parameters: Parameter[]
}

export const openApi = joinOpenApi() as OpenApiDocument

/** Resolves a local reference (`#/components/…`). Returns other values unchanged. */
export function resolve<T extends object>(node: T | Reference): T {
  if (!('$ref' in node)) return node
  const found = node.$ref
    .split('/')
    .slice(1)
    .reduce<unknown>((parent, key) => (parent as Record<string, unknown> | undefined)?.[key], openApi)
  if (!found) throw new Error(`${node.$ref} is not in the document`)
  return found as T
}

export const documentedRoutes: DocumentedRoute[] = Object.entries(openApi.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method]
    if (!operation) return []
    const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve<Parameter>)
    return [{ path, method: method.toUpperCase(), operation, parameters }]
  }),
)

/** Returns the route of a request. Literal paths have precedence over parameters; HEAD is handled as GET. */
export function routeOf(method: string, pathname: string): DocumentedRoute | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method
  return PATTERNS.find(({ route, pattern }) => route.method === wanted && pattern.test(pathname))?.route
}

function patternOf(path: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  const source = path
    .split(/\{\w+\}/)
    .map(literal)
    .join('[^/]+')
  return new RegExp(`^${source}/?$`, 'i')
}

const PATTERNS = documentedRoutes
  .map((route) => ({ route, pattern: patternOf(route.path) }))
  .sort((one, other) => one.route.path.split('{').length - other.route.path.split('{').length)
