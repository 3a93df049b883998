import type { RequestHandler } from 'express'
import { createAccount, type Registration } from '../../app/accounts/register.ts'
import { searchInTurn } from '../../app/assets/search.ts'
import { beginSession } from '../../app/auth/begin-session.ts'
import { success } from '../../app/envelope.ts'
import { notFound } from '../../app/errors.ts'
import { type Place, placeUpload } from '../../app/projects/place.ts'
import { pieceView, stageView } from '../../app/projects/stage.ts'
import { clientOf } from '../../middleware/client-of.ts'
import { Project } from '../../models/project.ts'
import { ownerView } from '../../models/views/user.ts'
import { required } from '../required.ts'
import { senderOf } from '../sender-of.ts'

/** The most projects that a user is shown with, newest first; `/api/projects` lists them all. */
export const SHOWN_PROJECTS = 100

export const login: RequestHandler = async (req, res) => {
  const { user, token } = await beginSession(req.services, required(req.user), clientOf(req))
  res.json(success({ token, user: ownerView(user, req.services.config.space.quota) }))
}

export const createUser: RequestHandler = async (req, res) => {
  const client = clientOf(req)
  const { user: made, accountKey } = await createAccount(req.services, req.valid as Registration, client)
  const { user, token } = await beginSession(req.services, made, client)
  res.status(201).json(
    success({
      user: ownerView(user, req.services.config.space.quota),
      token,
      ...(accountKey ? { accountKey } : {}),
    }),
  )
}

/** The caller, with their projects. */
export const readUser: RequestHandler = async (req, res) => {
  const user = required(req.user)
  if (req.params.userId !== user.id) throw notFound()
  const projects = await searchInTurn(req.services, user, clientOf(req), async () => {
    const own = await Project.listFor(user, { limit: SHOWN_PROJECTS, from: undefined })
    return stageView(req.services, own.projects, user)
  })
  res.json(success({ user: { ...ownerView(user, req.services.config.space.quota), projects } }))
}

export const place: RequestHandler = async (req, res) => {
  const user = required(req.user)
  const where = { ...(req.valid as Pick<Place, 'sceneId' | 'list'>), project: req.project }
  const { asset, ...ids } = await placeUpload(req.services, required(req.upload), senderOf(req), where)
  res.status(201).json(success({ ...ids, ...pieceView(req.services, asset, user) }))
}
