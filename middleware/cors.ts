import cors, { type CorsOptions } from 'cors'
import type { Request, RequestHandler, Response } from 'express'
import type { OriginCheck } from '../app/auth/origin-check.ts'
import type { ProxyTrust } from '../app/auth/proxy-check.ts'
import { EXPOSED_HEADERS, PREFLIGHT_SECONDS } from '../config/cors.ts'
import { ownOrigins } from './own-origins.ts'

const exposedHeaders = EXPOSED_HEADERS.join(',')

/**
 * Lets browsers read the answers on pages of the allowed origins (Fetch Standard, CORS protocol), and answers preflights.
 * Every request header is allowed. Allowed origins can send credentials, which the service ignores: some HTTP clients
 * cannot be told not to. With `*`, browsers refuse credentials.
 */
export const allowOrigins = (check: OriginCheck, trusts: ProxyTrust): RequestHandler =>
  cors((req: Request, done) =>
    done(
      null,
      optionsFor(check, req.headers.origin, () => ownOrigins(req, trusts)),
    ),
  )

/** Returns the CORS headers of an answer that Express does not send. */
export function corsHeaders(check: OriginCheck, origin: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  const res = {
    getHeader: (name: string) => headers[name],
    setHeader: (name: string, value: string) => {
      headers[name] = value
    },
  } as unknown as Response
  cors(optionsFor(check, origin))({ method: 'GET', headers: { origin } } as Request, res, () => undefined)
  return headers
}

function optionsFor(
  check: OriginCheck,
  origin: string | undefined,
  ownOf: () => string[] = () => [],
): CorsOptions {
  const allowed = { exposedHeaders, maxAge: PREFLIGHT_SECONDS }
  if (check.allowsAll) return { ...allowed, origin: '*' }
  // the answer depends on the origin even if there is none
  return origin !== undefined && check.allows(origin, ownOf())
    ? { ...allowed, origin: [origin], credentials: true }
    : { origin: [] }
}
