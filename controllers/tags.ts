import { changeTag } from '../app/assets/change-tag.ts'
import { listTags } from '../app/search/tags.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import type * as rules from '../routes/tags.rules.ts'

export const list: Handler<typeof rules.list> = async ({ context, viewer, client, input }, res) => {
  res.set('Cache-Control', 'private, no-cache').vary('Authorization')
  res.json(success(await listTags(input, viewer, context, client)))
}

export const rename: Handler<typeof rules.rename> = async ({ req, context, sender, client, input }, res) => {
  const [to = null] = input.tag
  res.json(success(await changeTag(context, sender, String(req.params.tag), to, client.signal)))
}

export const remove: Handler = async ({ req, context, sender, client }, res) => {
  res.json(success(await changeTag(context, sender, String(req.params.tag), null, client.signal)))
}
