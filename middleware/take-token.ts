import type { Request, RequestHandler, Response } from 'express'
import { authenticate } from './authenticate.ts'

/** Where no header brings a token, the field `token` of the body or of the query does: for old clients only. */
export const takeToken: RequestHandler = (req, _res, next) => {
  readToken(req)
  next()
}

/** The same for a field of a multipart body, once it is there. @throws unauthenticated */
export function authenticateByField(req: Request, res: Response): Promise<void> {
  readToken(req)
  return new Promise((resolve, reject) => {
    authenticate(req, res, (error?: unknown) => (error ? reject(error) : resolve()))
  })
}

function readToken(req: Request): void {
  const fields = [req.body, req.query] as ({ token?: unknown } | undefined)[]
  const token = fields.map((field) => field?.token).find((value) => typeof value === 'string')
  if (!req.headers.authorization && token !== undefined) req.headers.authorization = `Bearer ${token}`
}
