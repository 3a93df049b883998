/** A search as the address of the gallery has it. Every part can be bookmarked. */
export interface SearchState {
  q: string
  scope: Scope
  type: string[]
  media: string[]
  tag: string[]
  visibility: string[]
  sort: string
}

export const SCOPES = ['all', 'mine', 'shared', 'public'] as const
export type Scope = (typeof SCOPES)[number]

/** Filters whose values people choose from a list with counts. */
export const FACETS = ['type', 'media', 'tag', 'visibility'] as const
export type Facet = (typeof FACETS)[number]

/** Returns the search of a query string. Unknown values of the scope become the default. */
export function parseSearch(query: string): SearchState {
  const given = new URLSearchParams(query)
  const list = (name: Facet) => [...new Set(given.getAll(name).filter(Boolean))]
  const q = given.get('q') ?? ''
  return {
    q,
    scope: SCOPES.find((scope) => scope === given.get('scope')) ?? 'all',
    type: list('type'),
    media: list('media'),
    tag: list('tag'),
    visibility: list('visibility'),
    sort: given.get('sort') ?? (q ? 'relevance' : 'newest'),
  }
}

/** Returns the parameters of a search for the address of the gallery and for the API. Defaults are left out. */
export function toParameters({ q, scope, sort, ...lists }: SearchState): URLSearchParams {
  const parameters = new URLSearchParams()
  if (q) parameters.set('q', q)
  if (scope !== 'all') parameters.set('scope', scope)
  for (const name of FACETS) for (const value of lists[name]) parameters.append(name, value)
  const usual = q ? 'relevance' : 'newest'
  // a search by relevance needs words
  if (sort !== usual && (q || sort !== 'relevance')) parameters.set('sort', sort)
  return parameters
}

/** Returns whether the search has filters besides words and scope. */
export const hasFilters = (search: SearchState): boolean => FACETS.some((name) => search[name].length > 0)

/** Returns the search with a value of a filter added, or removed if it was there. */
export function toggle(search: SearchState, name: Facet, value: string): SearchState {
  const values = search[name]
  return {
    ...search,
    [name]: values.includes(value) ? values.filter((one) => one !== value) : [...values, value],
  }
}

/** Returns the search without filters. */
export const withoutFilters = (search: SearchState): SearchState => ({
  ...search,
  ...{ type: [], media: [], tag: [], visibility: [] },
})
