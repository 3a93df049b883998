import { type Sharing, shareWith, unshareWith } from '../app/sharing/share.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, RouteRequest } from '../middleware/handle.ts'
import { createsOnly } from '../middleware/refuse.ts'
import type { Collaborator, Shared } from '../models/plugins/sharing.ts'
import type * as rules from '../routes/asset-sharing.rules.ts'

const serializeCollaborator = ({ username, access, addedAt }: Collaborator) => ({ username, access, addedAt })

interface CollaboratorHandlers {
  list: Handler
  set: Handler<typeof rules.collaborator>
  remove: Handler
}

/**
 * Creates the handlers for the collaborators of a shared document.
 *
 * @param sharedBy returns the shared document of a request
 */
export function collaboratorsOf(
  sharing: Sharing,
  sharedBy: (request: RouteRequest) => Shared,
): CollaboratorHandlers {
  return {
    list(request, res) {
      res.json(success({ collaborators: sharedBy(request).collaborators.map(serializeCollaborator) }))
    },

    async set(request, res) {
      const { req, context, sender, input } = request
      const given = { username: String(req.params.username), access: input.access, isNew: createsOnly(req) }
      const collaborator = await shareWith(context, sharing, sharedBy(request), sender, given)
      res.json(success({ collaborator: serializeCollaborator(collaborator) }))
    },

    async remove(request, res) {
      const { req, context, sender } = request
      await unshareWith(context, sharing, sharedBy(request), sender, String(req.params.username))
      res.status(204).end()
    },
  }
}
