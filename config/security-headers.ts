import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet, { type HelmetOptions } from 'helmet'

/** Headers of API answers: no scripts, no frames. Files and the documentation page set their own policy. */
export const securityHeaders: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginResourcePolicy: { policy: 'cross-origin' },
  referrerPolicy: { policy: 'no-referrer' },
}

/** The headers of Helmet with these options. They do not depend on the request, so they are computed once. */
export const SECURITY_HEADERS: ReadonlyMap<string, string> = (() => {
  const headers = new Map<string, string>()
  const setHeader = (name: string, value: string) => headers.set(name, value)
  const res = { setHeader, removeHeader: () => undefined } as unknown as ServerResponse
  helmet(securityHeaders)({} as IncomingMessage, res, () => undefined)
  return headers
})()
