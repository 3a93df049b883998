import createClient from 'openapi-fetch'
import { at } from '../base.ts'
import { ApiError, errorOf, toError } from './errors.ts'
import type { components, paths } from './schema.ts'
import { session } from './session.ts'

type Schemas = components['schemas']
export type Asset = Schemas['Asset']
export type AssetFile = Schemas['File']

/** The API of the service, typed by its OpenAPI document. Use it inside `ask`. */
export const api = createClient<paths>({ baseUrl: at(''), fetch: authorizedFetch })

/** Paths that work without a session: their `401` means wrong credentials. */
const OPEN = /\/api\/(?:auth\/(?:login|register)|links\/)/

/**
 * Sends a request with the token of the session. When the session has ended, asks the user to sign in and sends the
 * request again.
 */
export async function authorizedFetch(request: Request): Promise<Response> {
  const isOpen = OPEN.test(new URL(request.url).pathname)
  if (isOpen || !session.token) return fetch(request)
  const again = request.clone()
  const answer = await fetch(authorize(request))
  if (answer.status !== 401 || !(await session.renew())) return answer
  return fetch(authorize(again))
}

function authorize(request: Request): Request {
  request.headers.set('Authorization', `Bearer ${session.token}`)
  return request
}

interface Answer<Res> {
  /** Missing in an answer without a body. */
  data?: { res: Res } | undefined
  error?: unknown
  response: Response
}

/**
 * Returns the result of an API call: `await ask(api.GET('/api/assets/{assetId}', …))`.
 *
 * @throws ApiError
 */
export async function ask<Res>(call: Promise<Answer<Res>>): Promise<Res> {
  const { data, error, response } = await call.catch((thrown) => {
    throw thrown instanceof DOMException ? thrown : toError(thrown)
  })
  if (response.status === 204) return undefined as Res
  if (error !== undefined || !data)
    throw error instanceof ApiError ? error : errorOf(error, response.headers.get('Retry-After'))
  return data.res
}
