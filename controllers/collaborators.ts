import type { Request, RequestHandler } from 'express'
import { success } from '../app/envelope.ts'
import { type Sharing, shareWith, unshareWith } from '../app/sharing/share.ts'
import type { Collaborator, Shared } from '../models/plugins/sharing.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

const collaboratorView = ({ username, access, addedAt }: Collaborator) => ({ username, access, addedAt })

/**
 * Who may read and write what an owner shares.
 *
 * @param sharedBy what the request is about
 */
export function collaboratorsOf(
  sharing: Sharing,
  sharedBy: (req: Request) => Shared | undefined,
): Record<'list' | 'set' | 'remove', RequestHandler> {
  return {
    list(req, res) {
      res.json(success({ collaborators: required(sharedBy(req)).collaborators.map(collaboratorView) }))
    },

    async set(req, res) {
      const { access } = req.valid as { access: 'read' | 'write' }
      const username = String(req.params.username)
      const { _id, owner } = required(sharedBy(req))
      const collaborator = await shareWith(req.services, sharing, { _id, owner }, senderOf(req), {
        username,
        access,
      })
      res.json(success({ collaborator: collaboratorView(collaborator) }))
    },

    async remove(req, res) {
      const { _id, owner } = required(sharedBy(req))
      await unshareWith(req.services, sharing, { _id, owner }, senderOf(req), String(req.params.username))
      res.status(204).end()
    },
  }
}
