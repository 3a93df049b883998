import type { RequestHandler } from 'express'
import { shareWith } from '../app/assets/share.ts'
import { success } from '../app/envelope.ts'
import { notFound } from '../app/errors.ts'
import type { Collaborator } from '../models/asset-shape.ts'
import { removeCollaborator } from '../models/asset-sharing.ts'
import { usernameKey } from '../models/user-fields.ts'
import { required } from './required.ts'

const collaboratorView = ({ username, access, addedAt }: Collaborator) => ({ username, access, addedAt })

export const list: RequestHandler = (req, res) => {
  res.json(success({ collaborators: required(req.asset).collaborators.map(collaboratorView) }))
}

export const set: RequestHandler = async (req, res) => {
  const { access } = req.valid as { access: 'read' | 'write' }
  const username = String(req.params.username)
  const collaborator = await shareWith(req.services, required(req.asset), { username, access })
  res.json(success({ collaborator: collaboratorView(collaborator) }))
}

export const remove: RequestHandler = async (req, res) => {
  if (!(await removeCollaborator(required(req.asset)._id, usernameKey(String(req.params.username)))))
    throw notFound()
  res.status(204).end()
}
