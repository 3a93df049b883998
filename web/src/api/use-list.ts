import { useInfiniteQuery } from '@tanstack/preact-query'

/** One page of a list of the API. */
interface ListPage<Item> {
  items: Item[]
  /** Cursor of the next page; null at the end. */
  next: string | null
}

/** Parameters of a page of a list. */
export type PageQuery = { limit: number; cursor?: string }

/**
 * Reads a list page by page.
 *
 * @param limit items of a page
 */
export function useList<Item>(
  queryKey: readonly unknown[],
  limit: number,
  read: (query: PageQuery) => Promise<ListPage<Item>>,
) {
  const list = useInfiniteQuery({
    queryKey,
    initialPageParam: '',
    queryFn: ({ pageParam }) => read({ limit, ...(pageParam && { cursor: pageParam }) }),
    getNextPageParam: ({ next }: ListPage<Item>) => next,
  })
  return { ...list, items: list.data?.pages.flatMap(({ items }) => items) }
}

export type List<Item> = ReturnType<typeof useList<Item>>
