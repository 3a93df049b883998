import type { RequestHandler } from 'express'
import { notFound } from '../app/errors.ts'

/** No route took the request. */
export const refuseUnknown: RequestHandler = () => {
  throw notFound()
}
