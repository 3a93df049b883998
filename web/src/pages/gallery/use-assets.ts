import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/preact-query'
import { type Asset, ask, authorizedFetch } from '../../api/client.ts'
import { at } from '../../base.ts'
import { type Facet, type SearchState, toParameters } from './search-state.ts'

/** Assets that one request reads. */
const PAGE = 60

/** What the gallery keeps of an asset. Lists can have many thousands. */
export type Item = Pick<
  Asset,
  | 'id'
  | 'name'
  | 'media'
  | 'type'
  | 'size'
  | 'visibility'
  | 'access'
  | 'updatedAt'
  | 'fileCount'
  | 'tags'
  | 'version'
> & { thumbnail: string | null; locked: boolean; owner: string | null; extension: string }

interface Page {
  items: Item[]
  next: string | null
  /** `any`: no asset has all words, and these have some of them. */
  matched: 'all' | 'any'
  suggestion: string | null
}

interface ListAnswer {
  assets: Asset[]
  next: string | null
  matched?: 'all' | 'any'
  suggestion?: string
}

/** Counts of the values of each filter, and of the whole result. */
export interface Counts {
  total: number
  totalIsMinimum?: boolean
  facets: Record<Facet, { value: string; count: number }[]>
}

/** Sends a search. @throws ApiError */
async function search<Res>(
  state: SearchState,
  more: Record<string, string>,
  signal: AbortSignal,
): Promise<Res> {
  const parameters = toParameters(state)
  for (const [name, value] of Object.entries(more)) parameters.set(name, value)
  const url = new URL(`${at('/api/assets')}?${parameters}`, location.origin)
  return ask<Res>(
    authorizedFetch(new Request(url, { signal })).then(async (response) => {
      const body = await response.json()
      return response.ok ? { data: body, response } : { error: body, response }
    }),
  )
}

function toItem(asset: Asset): Item {
  const { id, name, media, type, size, visibility, access, updatedAt, fileCount, tags, version } = asset
  const [file] = asset.files
  const extension = /\.([^.]{1,5})$/.exec(file?.name ?? '')?.[1] ?? ''
  return {
    ...{ id, name, media, type, size, visibility, access, updatedAt, fileCount, tags, version, extension },
    thumbnail: asset.thumbnail,
    locked: asset.lock !== null,
    owner: asset.owner?.username ?? null,
  }
}

/** Reads the assets of a search, page by page. Their pictures have signed URLs, because an `<img>` sends no token. */
export function useAssets(state: SearchState) {
  return useInfiniteQuery({
    queryKey: ['assets', toParameters(state).toString()],
    initialPageParam: '',
    async queryFn({ pageParam, signal }): Promise<Page> {
      const more = { limit: String(PAGE), signed: '1', ...(pageParam && { cursor: pageParam }) }
      const {
        assets,
        next,
        matched = 'all',
        suggestion = null,
      } = await search<ListAnswer>(state, more, signal)
      return { items: assets.map(toItem), next, matched, suggestion }
    },
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  })
}

/** Reads how many assets a search finds, in all and for each value of the filters. */
export function useCounts(state: SearchState) {
  return useQuery({
    queryKey: ['assets', 'counts', toParameters({ ...state, sort: 'newest' }).toString()],
    queryFn: ({ signal }) => search<Counts>(state, { limit: '1', facets: '1', count: '1' }, signal),
    placeholderData: keepPreviousData,
  })
}
