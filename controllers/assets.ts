import { createAsset } from '../app/assets/create.ts'
import { lockAsset, releaseHold } from '../app/assets/lock.ts'
import { removeAsset } from '../app/assets/remove.ts'
import { updateAsset } from '../app/assets/update.ts'
import { findAssets } from '../app/search/search.ts'
import { suggest as suggestValues } from '../app/search/suggest.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { sendJson } from '../middleware/send-json.ts'
import type { lock as lockRules } from '../routes/asset-sharing.rules.ts'
import type * as rules from '../routes/assets.rules.ts'
import { sendAsset, sendView, serializeFor } from './send-asset.ts'

/** Creates an asset. Answers a repeat of a request like the first one. */
export const create: Handler<typeof rules.create> = async (request, res) => {
  const { req, context, sender, input } = request
  const view =
    req.firstAnswer === undefined
      ? await serializeFor(req, await createAsset(context, request.upload, sender, input))
      : JSON.parse(req.firstAnswer)
  await req.keyClaim?.complete(JSON.stringify(view))
  res.location(`${context.config.http.basePath}/api/assets/${view.id}`)
  sendView(req, res, view, 201)
}

export const list: Handler<typeof rules.search> = async ({ context, viewer, client, input }, res) => {
  const found = await findAssets(input, viewer, context, client)
  res.set('Cache-Control', 'private, no-cache').vary('Authorization')
  sendJson(res, JSON.stringify(success(found)))
}

export const suggest: Handler<typeof rules.suggest> = async ({ context, viewer, client, input }, res) => {
  res.json(success({ suggestions: await suggestValues(context, viewer, client, input.q ?? '') }))
}

export const read: Handler<typeof rules.read> = ({ req, asset, input }, res) =>
  sendAsset(req, res, asset, input)

export const update: Handler<typeof rules.update> = async (
  { req, context, asset, sender, input, version },
  res,
) => {
  await sendAsset(req, res, await updateAsset(context, asset, sender, input, version))
}

export const remove: Handler<typeof rules.remove> = async (
  { context, asset, sender, input: { force }, version },
  res,
) => {
  await removeAsset(context, asset, sender, { evenIfUsed: force, version })
  res.status(204).end()
}

export const lock: Handler<typeof lockRules> = async ({ req, context, asset, sender, input }, res) => {
  await sendAsset(req, res, await lockAsset(context, asset, sender, input))
}

export const releaseLock: Handler = async ({ context, asset, sender }, res) => {
  await releaseHold(context, asset, sender)
  res.status(204).end()
}
