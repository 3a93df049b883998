import type { RequestParamHandler } from 'express'
import { followLink } from '../app/sharing/follow-link.ts'
import { clientOf } from './client-of.ts'

/** Follows the link that a path names: `req.link` and `req.asset`, whoever asks. */
export const loadLink: RequestParamHandler = async (req, _res, next, token: string) => {
  const password = req.get('X-Link-Password')
  const { link, asset } = await followLink(req.context, { token, password, client: clientOf(req) })
  req.link = link
  req.asset = asset
  next()
}
