import type { Order } from './plugins/page.ts'

/** The sorts that have an index each; `relevance` is the text search's own. */
export const SORTS = {
  newest: { field: 'createdAt', direction: -1 },
  oldest: { field: 'createdAt', direction: 1 },
  updated: { field: 'updatedAt', direction: -1 },
  name: { field: 'nameKey', direction: 1 },
  size: { field: 'size', direction: -1 },
  downloads: { field: 'downloads', direction: -1 },
} as const satisfies Record<string, Order>

export type Sort = keyof typeof SORTS | 'relevance'
export const SORT_NAMES = [...(Object.keys(SORTS) as (keyof typeof SORTS)[]), 'relevance'] as const
export const RELEVANCE: Order = { field: 'score', direction: -1 }

export const SCOPES = ['all', 'public', 'mine', 'shared'] as const
export type Scope = (typeof SCOPES)[number]
