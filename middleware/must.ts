import type { RequestHandler } from 'express'
import { forbidden, unauthenticated } from '../app/errors.ts'
import { type Access, accessOf } from '../models/asset-access.ts'

const RANK: Record<Access, number> = { read: 0, write: 1, owner: 2 }

/** Only who may do that much with `req.asset`, or `req.project`, passes. */
export function must(access: Access): RequestHandler {
  return (req, _res, next) => {
    if (!req.user) throw unauthenticated()
    const shared = req.asset ?? req.project
    if (!shared || RANK[accessOf(shared, req.user)] < RANK[access]) throw forbidden()
    next()
  }
}
