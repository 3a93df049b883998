import type { IncomingMessage } from 'node:http'
import express, { type Request } from 'express'
import type { Config } from '../../config/env.ts'

/** Reads the address a request comes from exactly as Express does for the other doors, with the same setting. */
export function addressReader(
  trustProxy: Config['http']['trustProxy'],
): (request: IncomingMessage) => string | undefined {
  const app = express()
  app.set('trust proxy', trustProxy)
  return ({ headers, socket }) => {
    const seen: Request = Object.create(app.request, {
      headers: { value: headers },
      socket: { value: socket },
    })
    return seen.ip
  }
}
