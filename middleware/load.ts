import type { RequestHandler, RequestParamHandler } from 'express'
import { notFound, unauthenticated, validationFailed } from '../app/errors.ts'
import { followLink } from '../app/sharing/links.ts'
import { Asset } from '../models/asset.ts'
import { readableAsset } from '../models/asset-access.ts'
import { readWhole } from '../models/file-set.ts'
import { isId } from '../models/ids.ts'
import { findProject } from '../models/project.ts'
import { normalizeText } from '../models/text.ts'
import { USERNAME } from '../models/user.ts'
import { visibleUser } from '../models/visible-users.ts'
import { clientOf } from './request-info.ts'

/**
 * Loads the asset that the path names. An asset that the caller cannot read is answered like a missing one. A request
 * that changes something needs a token, whether the asset exists or not.
 *
 * @throws not_found
 * @throws unauthenticated
 */
export const loadAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = await readableAsset(id, req.user)
  if (!asset) throw req.user || ['GET', 'HEAD'].includes(req.method) ? notFound() : unauthenticated()
  req.asset = asset
  next()
}

/**
 * Loads the asset that the path names for an admin, whether its owner shares it or not.
 *
 * @throws not_found
 */
export const loadAnyAsset: RequestParamHandler = async (req, _res, next, id: string) => {
  const asset = isId(id) ? await readWhole(() => Asset.byId(id)) : null
  if (!asset) throw notFound()
  req.asset = asset
  next()
}

/**
 * Loads the project that the path names. A project that the caller cannot read is answered like a missing one.
 *
 * @throws not_found
 */
export const loadProject: RequestParamHandler = async (req, _res, next, id: string) => {
  const project = await findProject(id, req.user)
  if (!project) throw notFound()
  req.project = project
  next()
}

/** Paths below a link that send file bytes. Only these can continue a download. */
const LINKED_FILES = /^\/[^/]+\/(?:download|files\/[^/]+)\/?$/i

/** Loads the link that the path names, and its asset. Needs no sign-in. Throws the errors of `followLink`. */
export const loadLink: RequestParamHandler = async (req, _res, next, token: string) => {
  const password = req.get('X-Link-Password')
  const continues = req.method === 'GET' && req.get('Range') !== undefined && LINKED_FILES.test(req.path)
  const { link, asset } = await followLink(req.context, { token, password, client: clientOf(req), continues })
  req.link = link
  req.asset = asset
  next()
}

/**
 * Loads the account that the path names. An account that the caller cannot see is answered like a missing one. It is
 * not a param handler, because `requireAdmin` must come first: its answer does not depend on the account.
 *
 * @throws not_found
 */
export const loadUser: RequestHandler = async (req, _res, next) => {
  const account = await visibleUser(String(req.params.userId), req.user)
  if (!account) throw notFound()
  req.account = account
  next()
}

/**
 * Checks the syntax of a username in the path.
 *
 * @throws validation_failed
 */
export const validateUsername: RequestParamHandler = (req, _res, next, given: string) => {
  const { min, max, pattern } = USERNAME
  const username = normalizeText(given).trim()
  if (username.length < min || username.length > max || !pattern.test(username))
    throw validationFailed([{ field: 'username', message: 'is not a valid username' }])
  req.params.username = username
  next()
}
