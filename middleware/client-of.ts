import type { Request, Response } from 'express'
import proxyAddr from 'proxy-addr'
import type { Client } from '../app/auth/client.ts'
import type { Config } from '../config/env.ts'

/** Returns the client of a request. */
export const clientOf = (req: Request): Client => ({
  address: req.ip,
  userAgent: req.get('User-Agent'),
  ...(req.res ? { signal: closing(req.res) } : {}),
})

function closing(res: Response): AbortSignal {
  const connection = new AbortController()
  if (res.closed) connection.abort()
  else res.once('close', () => connection.abort())
  return connection.signal
}

/** Returns whether an address is a trusted proxy; `hop` is its distance, 0 for the peer of the connection. */
type ProxyTrust = (address: string, hop: number) => boolean

/** Returns the rule of TRUST_PROXY in the form that Express ("trust proxy") and `proxyAddr` take. */
export const proxyTrust = (trustProxy: Config['http']['trustProxy']): ProxyTrust =>
  typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : proxyAddr.compile(trustProxy)
