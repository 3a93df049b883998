import { type Sharing, shareWith, unshareWith } from '../app/sharing/share.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, HandlerContext } from '../middleware/handle.ts'
import type { Collaborator, Shared } from '../models/plugins/sharing.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'

const collaboratorView = ({ username, access, addedAt }: Collaborator) => ({ username, access, addedAt })

interface CollaboratorHandlers {
  list: Handler
  set: Handler<typeof rules.collaborator>
  remove: Handler
}

/**
 * Handlers for the list of users who can read and write what an owner shares.
 *
 * @param sharedBy returns what the request is about
 */
export function collaboratorsOf(
  sharing: Sharing,
  sharedBy: (context: HandlerContext) => Shared,
): CollaboratorHandlers {
  return {
    list(context, res) {
      res.json(success({ collaborators: sharedBy(context).collaborators.map(collaboratorView) }))
    },

    async set(context, res) {
      const { req, services, sender, input } = context
      const given = { username: String(req.params.username), access: input.access }
      const collaborator = await shareWith(services, sharing, sharedBy(context), sender, given)
      res.json(success({ collaborator: collaboratorView(collaborator) }))
    },

    async remove(context, res) {
      const { req, services, sender } = context
      await unshareWith(services, sharing, sharedBy(context), sender, String(req.params.username))
      res.status(204).end()
    },
  }
}
