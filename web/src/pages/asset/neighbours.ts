import type { InfiniteData } from '@tanstack/preact-query'
import { queries } from '../../api/query.ts'

interface Page {
  items: { id: string }[]
}

/** Returns the ids of the assets before and after one in the list that the gallery showed last; null if there are none. */
export function neighboursOf(id: string): { previous: string | null; next: string | null } {
  const lists = queries
    .getQueryCache()
    .findAll({ queryKey: ['gallery'] })
    .sort((one, other) => other.state.dataUpdatedAt - one.state.dataUpdatedAt)
  for (const { state } of lists) {
    const { pages } = (state.data ?? {}) as Partial<InfiniteData<Page>>
    const ids = pages?.flatMap(({ items }) => items.map((item) => item.id)) ?? []
    const place = ids.indexOf(id)
    if (place !== -1) return { previous: ids[place - 1] ?? null, next: ids[place + 1] ?? null }
  }
  return { previous: null, next: null }
}
