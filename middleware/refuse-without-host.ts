import type { RequestHandler } from 'express'
import { malformedRequest } from '../app/errors.ts'

/** Refuses an HTTP/1.1 request without `Host` (RFC 9112 §3.2). @throws `malformed_request` */
export const refuseWithoutHost: RequestHandler = ({ httpVersion, headers }, _res, next) => {
  if (httpVersion === '1.1' && headers.host === undefined)
    throw malformedRequest('The request has no Host header.')
  next()
}
