import type { RequestHandler } from 'express'
import { requireAccess } from '../app/sharing/require-access.ts'
import type { Access } from '../models/asset-access.ts'

/** Only who may do that much with `req.asset`, or `req.project`, passes. */
export function must(access: Access): RequestHandler {
  return (req, _res, next) => {
    requireAccess(req.asset ?? req.project, req.user, access)
    next()
  }
}
