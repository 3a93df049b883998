import type { IncomingMessage } from 'node:http'
import type { ProxyTrust } from '../app/auth/proxy-check.ts'
import { parseOrigin } from '../config/origins.ts'

/** Schemes of pages by `X-Forwarded-Proto`. Traefik writes those of WebSockets too. */
const SCHEMES: Partial<Record<string, string>> = { http: 'http', https: 'https', ws: 'http', wss: 'https' }

/**
 * Returns the origins of the service as the client reached it, in the form in which browsers send them: by
 * `X-Forwarded-Host` and `X-Forwarded-Proto` of a trusted proxy, else by `Host`. Without a scheme of a trusted proxy these
 * are both http and https, because a proxy can add TLS that the service does not know about.
 */
export function ownOrigins({ headers, socket }: IncomingMessage, trusts: ProxyTrust): string[] {
  const isTrusted = trusts(socket.remoteAddress ?? '', 0)
  const forwarded = (name: string) => (isTrusted ? firstOf(headers[name]) : '')
  const host = forwarded('x-forwarded-host') || headers.host || ''
  const scheme = SCHEMES[forwarded('x-forwarded-proto').toLowerCase()]
  const addresses = (scheme ? [scheme] : ['http', 'https']).map((one) => `${one}://${host}`)
  return addresses.flatMap((one) => (parseOrigin(one) && URL.canParse(one) ? new URL(one).origin : []))
}

/** Returns the first value of a list in a header. */
const firstOf = (header: string | string[] = '') => String(header).split(',')[0]?.trim() ?? ''
