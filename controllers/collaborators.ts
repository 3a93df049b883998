import type { Request, RequestHandler } from 'express'
import { success } from '../app/envelope.ts'
import { notFound } from '../app/errors.ts'
import { shareWith } from '../app/sharing/share.ts'
import type { Collaborator, Shared, SharingStatics } from '../models/plugins/sharing.ts'
import { usernameKey } from '../models/user-fields.ts'
import { required } from './required.ts'

const collaboratorView = ({ username, access, addedAt }: Collaborator) => ({ username, access, addedAt })

/**
 * Who may read and write what an owner shares.
 *
 * @param sharedBy what the request is about
 */
export function collaboratorsOf(
  model: SharingStatics,
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
      const collaborator = await shareWith(req.services, model, { _id, owner }, { username, access })
      res.json(success({ collaborator: collaboratorView(collaborator) }))
    },

    async remove(req, res) {
      if (!(await model.unshare(required(sharedBy(req))._id, usernameKey(String(req.params.username)))))
        throw notFound()
      res.status(204).end()
    },
  }
}
