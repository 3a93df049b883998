import { useState } from 'preact/hooks'
import type { Item } from './use-assets.ts'

/** Most assets that "select all" chooses. */
const MAX_ALL = 1000

type Items = ReadonlyMap<string, Item>

interface Choice {
  /** The search whose assets were chosen. */
  search: string
  chosen: Items
  /** Id of the asset where a range begins. */
  anchor: string | null
  /** What was chosen without the range. */
  base: Items
}

const noneOf = (search: string): Choice => ({ search, chosen: new Map(), anchor: null, base: new Map() })

function toggled({ search, chosen }: Choice, item: Item): Choice {
  const after = new Map(chosen)
  if (!after.delete(item.id)) after.set(item.id, item)
  return { search, chosen: after, anchor: item.id, base: after }
}

/** The chosen assets of a search. They stay chosen while the list grows. Nothing of another search is chosen. */
export function useSelection(items: Item[], search: string) {
  const [stored, store] = useState(() => noneOf(search))
  // no effect clears the choice: it would run after the paint, when the user can have chosen again
  const current = (choice: Choice) => (choice.search === search ? choice : noneOf(search))
  const choice = current(stored)
  const change = (to: (before: Choice) => Choice) => store((before) => to(current(before)))
  const indexOf = (id: string | null) => items.findIndex((item) => item.id === id)
  const extended = (before: Choice, item: Item): Choice => {
    const [a, b] = [indexOf(before.anchor), indexOf(item.id)]
    if (a < 0 || b < 0) return toggled(before, item)
    const range = items.slice(Math.min(a, b), Math.max(a, b) + 1)
    return { ...before, chosen: new Map([...before.base, ...range.map((one) => [one.id, one] as const)]) }
  }
  return {
    chosen: choice.chosen,
    clear: () => store(noneOf(search)),
    /** Chooses all assets that are loaded. */
    all() {
      const chosen = new Map(items.slice(0, MAX_ALL).map((item) => [item.id, item]))
      store({ search, chosen, anchor: null, base: chosen })
    },
    /** Removes assets from the selection, for example because they were deleted. */
    drop(ids: ReadonlySet<string>) {
      const without = (from: Items) => new Map([...from].filter(([id]) => !ids.has(id)))
      change((before) => ({ ...before, chosen: without(before.chosen), base: without(before.base) }))
    },
    /** Chooses an asset, or no longer. @param range whether all assets since the last choice are chosen instead */
    select(item: Item, range: boolean) {
      change((before) => (range ? extended(before, item) : toggled(before, item)))
    },
    /** Chooses all assets between two. The range begins where the last one began, if something is chosen. */
    extend(from: Item, to: Item) {
      change((before) => extended(indexOf(before.anchor) >= 0 ? before : toggled(noneOf(search), from), to))
    },
  }
}

export type Selection = ReturnType<typeof useSelection>
