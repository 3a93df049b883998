import { listChanges } from '../app/events/list-changes.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import type * as rules from '../routes/changes.rules.ts'

/** Lists the changes of assets for the caller. */
export const list: Handler<typeof rules.list> = async ({ context, user, client, input }, res) => {
  res.json(success(await listChanges(context, user, client, input)))
}
