import type { RequestHandler } from 'express'
import { success } from '../app/envelope.ts'
import { createLink, type NewLink } from '../app/links/create.ts'
import { revokeLink } from '../app/links/revoke.ts'
import { clientOf } from '../middleware/client-of.ts'
import { Link } from '../models/link.ts'
import { linkView } from '../models/views/link.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

export const create: RequestHandler = async (req, res) => {
  const { link, token } = await createLink(
    req.services,
    required(req.asset),
    senderOf(req),
    req.valid as NewLink,
    clientOf(req),
  )
  res.status(201).json(success({ link: linkView(link, token) }))
}

export const list: RequestHandler = async (req, res) => {
  const { limit, cursor } = req.valid as { limit: number; cursor?: string }
  const { _id } = required(req.asset)
  const query = ['links', _id]
  const { links, next } = await Link.listOf(_id, { limit, from: req.services.cursors.read(query, cursor) })
  res.json(
    success({ links: links.map((link) => linkView(link)), next: req.services.cursors.write(query, next) }),
  )
}

export const revoke: RequestHandler = async (req, res) => {
  await revokeLink(req.services, required(req.asset), senderOf(req), String(req.params.linkId))
  res.status(204).end()
}
