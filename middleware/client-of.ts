import type { Request, Response } from 'express'
import type { ClientInfo } from '../app/auth/client-info.ts'

/** Returns the client of a request. */
export const clientOf = (req: Request): ClientInfo => ({
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
