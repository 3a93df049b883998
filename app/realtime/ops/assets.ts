import * as rules from '../../../routes/socket.rules.ts'
import { findAsset } from '../../assets/find.ts'
import { presentAssets } from '../../assets/present.ts'
import { removeUnused } from '../../assets/remove-unused.ts'
import { findAssets } from '../../assets/search.ts'
import type { SearchQuery } from '../../assets/search-criteria.ts'
import { notFound } from '../../errors.ts'
import { requireAccess } from '../../require-access.ts'
import { forUsers, type Operation, open } from '../call.ts'

const search = open<SearchQuery>({
  rules: rules.list,
  location: 'query',
  answer: ({ services, user, connection }, query) => findAssets(query, user, services, connection.client),
})

/** The search of `GET /api/assets`; its parameters may be JSON numbers and booleans. */
export const list: Operation = { ...search, run: (call, args) => search.run(call, asQuery(args)) }

export const get = open<{ id: string }>({
  rules: rules.get,
  async answer({ services, user }, { id }) {
    const asset = await findAsset(id, user)
    if (!asset) throw notFound()
    const [view] = await presentAssets([asset], user, services.clock.now())
    return { asset: view }
  },
})

export const remove = forUsers<{ id: string; force?: boolean }>({
  rules: rules.remove,
  writes: true,
  async answer(call, { id, force }) {
    const { services, user } = call
    const asset = await findAsset(id, user)
    if (!asset) throw notFound()
    requireAccess(asset, user, 'owner')
    await removeUnused(services, asset, call, { force })
    return { id }
  },
})

function asQuery(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, asText(value)]))
}

/** As it would stand in a query. */
function asText(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return typeof value === 'number' ? String(value) : value
}
