import { createLink } from '../app/sharing/create-link.ts'
import { revokeLink } from '../app/sharing/revoke-link.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { Link } from '../models/link.ts'
import { linkView } from '../models/views/link.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'

export const create: Handler<typeof rules.link> = async ({ services, asset, sender, input, client }, res) => {
  const { link, token } = await createLink(services, asset, sender, input, client)
  res.status(201).json(success({ link: linkView(link, token) }))
}

export const list: Handler<typeof rules.links> = async ({ services, asset: { _id }, input }, res) => {
  const query = ['links', _id]
  const from = services.cursors.read(query, input.cursor)
  const { links, next } = await Link.listOf(_id, { limit: input.limit, from })
  res.json(success({ links: links.map((link) => linkView(link)), next: services.cursors.write(query, next) }))
}

export const revoke: Handler = async ({ req, services, asset, sender }, res) => {
  await revokeLink(services, asset, sender, String(req.params.linkId))
  res.status(204).end()
}
