export const SCOPES = ['all', 'mine', 'shared', 'public'] as const
export type Scope = (typeof SCOPES)[number]

/** Filters whose values people choose from a list with counts. */
export const FACETS = ['type', 'media', 'tag', 'visibility', 'ext', 'license', 'owner'] as const
export type Facet = (typeof FACETS)[number]

/** Filters with several values. */
const LISTS = [...FACETS, 'tagAny', 'tagNot'] as const
export type List = (typeof LISTS)[number]

/** Filters that are on or off. */
export const FLAGS = ['locked', 'untagged'] as const
export type Flag = (typeof FLAGS)[number]

/** Filters with one value: bytes or days. */
export const SIZES = ['minSize', 'maxSize'] as const
export const DAYS = ['createdAfter', 'createdBefore', 'updatedAfter', 'updatedBefore'] as const
const BOUNDS = [...SIZES, ...DAYS] as const
export type Bound = (typeof BOUNDS)[number]

/** A search as the address of the gallery has it. Every part can be bookmarked. */
export type SearchState = { q: string; scope: Scope; sort: string } & Record<List, string[]> &
  Record<Flag, boolean> &
  Record<Bound, string>

const BYTES = /^\d{1,15}$/
const DAY = /^\d{4}-\d\d-\d\d$/

/** Returns the search of a query string. Unknown scopes, sizes and days become the default. */
export function parseSearch(query: string): SearchState {
  const given = new URLSearchParams(query)
  const list = (name: List) => [...new Set(given.getAll(name).filter(Boolean))]
  const bound = (name: Bound) => {
    const value = given.get(name) ?? ''
    return (SIZES.some((size) => size === name) ? BYTES : DAY).test(value) ? value : ''
  }
  const q = given.get('q') ?? ''
  return {
    q,
    scope: SCOPES.find((scope) => scope === given.get('scope')) ?? 'all',
    sort: given.get('sort') ?? (q ? 'relevance' : 'newest'),
    ...record(LISTS, list),
    ...record(FLAGS, (name) => given.get(name) === '1'),
    ...record(BOUNDS, bound),
  }
}

const record = <Name extends string, Value>(names: readonly Name[], read: (name: Name) => Value) =>
  Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, Value>

/** Returns the parameters of a search for the address of the gallery and for the API. Defaults are left out. */
export function toParameters(search: SearchState): URLSearchParams {
  const { q, scope, sort } = search
  const parameters = new URLSearchParams()
  if (q) parameters.set('q', q)
  if (scope !== 'all') parameters.set('scope', scope)
  for (const name of LISTS) for (const value of search[name]) parameters.append(name, value)
  for (const name of FLAGS) if (search[name]) parameters.set(name, '1')
  for (const name of BOUNDS) if (search[name]) parameters.set(name, search[name])
  const usual = q ? 'relevance' : 'newest'
  // a search by relevance needs words
  if (sort !== usual && (q || sort !== 'relevance')) parameters.set('sort', sort)
  return parameters
}

/** Returns the search without filters. */
export const withoutFilters = ({ q, scope, sort }: SearchState): SearchState => ({
  ...parseSearch(''),
  q,
  scope,
  sort,
})

/** Returns whether the search has filters besides words and scope. */
export const hasFilters = (search: SearchState): boolean =>
  [...LISTS, ...FLAGS, ...BOUNDS].some((name) => {
    const value = search[name]
    return Array.isArray(value) ? value.length > 0 : Boolean(value)
  })

/** Returns whether the search has filters of those that are folded away at first. */
export const hasRareFilters = (search: SearchState): boolean =>
  hasFilters({ ...search, type: [], media: [], tag: [], tagNot: [], visibility: [] })

/** Returns the search with a value of a filter added, or removed if it was there. */
export function toggle(search: SearchState, name: List, value: string): SearchState {
  const values = search[name]
  const isRemoved = values.includes(value)
  const changed = {
    ...search,
    [name]: isRemoved ? values.filter((one) => one !== value) : [...values, value],
  }
  // an asset cannot have a tag and not have it
  const other = name === 'tag' ? 'tagNot' : name === 'tagNot' ? 'tag' : null
  return other ? { ...changed, [other]: search[other].filter((one) => one !== value) } : changed
}

/** A filter in use. */
export interface Chosen {
  name: List | Flag | Bound
  value: string
  /** The search without it. */
  without: SearchState
}

/** Returns all filters in use. */
export const chosenFilters = (search: SearchState): Chosen[] => [
  ...LISTS.flatMap((name) =>
    search[name].map((value) => ({ name, value, without: toggle(search, name, value) })),
  ),
  ...FLAGS.flatMap((name) =>
    search[name] ? [{ name, value: '1', without: { ...search, [name]: false } }] : [],
  ),
  ...BOUNDS.flatMap((name) =>
    search[name] ? [{ name, value: search[name], without: { ...search, [name]: '' } }] : [],
  ),
]
