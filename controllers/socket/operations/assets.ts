import { removeAssetById } from '../../../app/assets/remove.ts'
import { plainUrls } from '../../../app/assets/signed-url.ts'
import { notFound } from '../../../app/errors.ts'
import { findAssets } from '../../../app/search/search.ts'
import { readableAsset } from '../../../models/asset-access.ts'
import { serializeAssets } from '../../../models/views/asset.ts'
import * as rules from '../../../routes/socket.rules.ts'
import { forAnyone, forUsers, type Operation } from '../operation.ts'

const search = forAnyone({
  rules: rules.list,
  location: 'query',
  answer: ({ context, user, connection }, query) => findAssets(query, user, context, connection.client),
})

/** The search of `GET /api/assets`. Its parameters can be JSON numbers and booleans. */
export const list: Operation = { ...search, run: (call, args) => search.run(call, asQuery(args)) }

export const get = forAnyone({
  rules: rules.get,
  async answer({ context, user }, { id }) {
    const asset = await readableAsset(id, user)
    if (!asset) throw notFound()
    const [view] = await serializeAssets([asset], user, context.clock.now(), plainUrls(context))
    return { asset: view }
  },
})

export const remove = forUsers({
  rules: rules.remove,
  writes: true,
  async answer(call, { id, force }) {
    await removeAssetById(call.context, id, call, { evenIfUsed: force })
    return { id }
  },
})

/** Returns arguments as the values of a query string, which the rules of the route expect. */
function asQuery(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, asQueryValue(value)]))
}

function asQueryValue(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return typeof value === 'number' ? String(value) : value
}
