import type { RequestHandler } from 'express'
import { notFound } from '../app/errors.ts'
import { visibleUser } from '../models/visible-users.ts'

/** Finds the account that a path names, for the one who asks: whom they may not know is as if not there. */
export const loadUser: RequestHandler = async (req, _res, next) => {
  const account = await visibleUser(String(req.params.userId), req.user)
  if (!account) throw notFound()
  req.account = account
  next()
}
