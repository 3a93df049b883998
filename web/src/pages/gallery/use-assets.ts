import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/preact-query'
import { type Asset, ask, authorizedFetch } from '../../api/client.ts'
import { queries } from '../../api/query.ts'
import { at } from '../../base.ts'
import { type Facet, type SearchState, toParameters } from './search-state.ts'

/** Assets that one request reads. */
const PAGE = 60
/** Most pages that are read again. A longer list is renewed only at its beginning. */
const MAX_RENEWED = 5
/** Time in which the list stays in memory while another page is shown, in milliseconds. */
const KEPT_MS = 30 * 60_000
/** A picture of this age without a thumbnail is asked for again. */
const RENDERING_MS = 60_000

/** What the gallery keeps of an asset. Lists can have many thousands. */
export type Item = Pick<
  Asset,
  'id' | 'name' | 'media' | 'size' | 'visibility' | 'access' | 'updatedAt' | 'fileCount' | 'thumbnail'
> & { locked: boolean; extension: string }

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
  signal?: AbortSignal,
): Promise<Res> {
  const parameters = toParameters(state)
  for (const [name, value] of Object.entries(more)) parameters.set(name, value)
  const url = new URL(`${at('/api/assets')}?${parameters}`, location.origin)
  return ask<Res>(
    authorizedFetch(new Request(url, signal ? { signal } : {})).then(async (response) => {
      const body = await response.json()
      return response.ok ? { data: body, response } : { error: body, response }
    }),
  )
}

/** Reads a page of a search. Its pictures have signed URLs, because an `<img>` sends no token. */
async function readPage(state: SearchState, cursor: string, signal?: AbortSignal): Promise<Page> {
  const more = { limit: String(PAGE), signed: '1', ...(cursor && { cursor }) }
  const { assets, next, matched = 'all', suggestion = null } = await search<ListAnswer>(state, more, signal)
  return { items: assets.map(toItem), next, matched, suggestion }
}

function toItem(asset: Asset): Item {
  const { id, name, media, size, visibility, access, updatedAt, fileCount, thumbnail } = asset
  const [file] = asset.files
  const extension = /\.([^.]{1,5})$/.exec(file?.name ?? '')?.[1] ?? ''
  const locked = asset.lock !== null
  return { id, name, media, size, visibility, access, updatedAt, fileCount, thumbnail, extension, locked }
}

interface Pages {
  pages: Page[]
  pageParams: string[]
}

/** Not below `assets`: a change anywhere would read all pages again. `useRenewal` renews the list. */
const keyOf = (state: SearchState) => ['gallery', toParameters(state).toString()]

/** Returns whether a thumbnail is still being made. */
const isRendering = ({ pages: [first] }: Pages): boolean =>
  Boolean(
    first?.items.some(
      ({ thumbnail, media, updatedAt }) =>
        !thumbnail && media === 'image' && Date.now() - Date.parse(updatedAt) < RENDERING_MS,
    ),
  )

/** Reads the assets of a search, page by page. */
export function useAssets(state: SearchState) {
  return useInfiniteQuery({
    queryKey: keyOf(state),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => readPage(state, pageParam, signal),
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    structuralSharing: false,
    refetchInterval: ({ state: { data } }) =>
      data && data.pages.length <= MAX_RENEWED && isRendering(data) ? 3000 : false,
  })
}

/** Reads how many assets a search finds, in all and for each value of the filters. */
export function useCounts(state: SearchState) {
  return useQuery({
    queryKey: ['assets', 'counts', toParameters({ ...state, sort: 'newest' }).toString()],
    queryFn: ({ signal }) => search<Counts>(state, { limit: '1', facets: '1', count: '1' }, signal),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    refetchOnWindowFocus: true,
  })
}

/** Reads the list of a search again: all of a short list, else its beginning. */
export async function renewList(state: SearchState): Promise<void> {
  const queryKey = keyOf(state)
  const pages = queries.getQueryData<Pages>(queryKey)?.pages ?? []
  if (pages.length <= MAX_RENEWED) return queries.refetchQueries({ queryKey })
  const { items } = await readPage(state, '')
  queries.setQueryData<Pages>(queryKey, (data) => data && withBeginning(data, items))
}

/** Returns a list with a new beginning, in which an asset moved to the front is no longer at its former place. */
function withBeginning(data: Pages, beginning: Item[]): Pages {
  const renewed = new Set(beginning.map(({ id }) => id))
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.filter(({ id }) => !renewed.has(id)),
  }))
  const [first, ...others] = pages
  if (!first) return data
  return { ...data, pages: [{ ...first, items: [...beginning, ...first.items] }, ...others] }
}

/** Puts changed assets into all lists. @param changes by id; null: the asset was deleted */
export function changeLists(changes: ReadonlyMap<string, Asset | null>): void {
  const change = (item: Item): Item[] => {
    const asset = changes.get(item.id)
    if (asset === undefined) return [item]
    // the answer to a change has no signed URLs
    return asset ? [{ ...toItem(asset), thumbnail: item.thumbnail }] : []
  }
  queries.setQueriesData<Pages>({ queryKey: ['gallery'] }, (data) => {
    if (!data) return data
    return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.flatMap(change) })) }
  })
}
