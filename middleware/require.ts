import type { RequestHandler } from 'express'
import { forbidden } from '../app/errors.ts'
import { assertAccess } from '../app/sharing/assert-access.ts'
import type { Access } from '../models/asset-access.ts'

/**
 * Requires an access level for `req.asset` or `req.project`.
 *
 * @throws unauthenticated
 * @throws forbidden
 */
export function requireAccess(access: Access): RequestHandler {
  return (req, _res, next) => {
    assertAccess(req.asset ?? req.project, req.user, access)
    next()
  }
}

/**
 * Requires an admin. Comes before anything is loaded, so that the answer does not tell others what exists.
 *
 * @throws forbidden
 */
export const requireAdmin: RequestHandler = (req, _res, next) => {
  if (req.user?.access !== 'admin') throw forbidden()
  next()
}
