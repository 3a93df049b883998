import { useState } from 'preact/hooks'
import type { Item } from './use-assets.ts'

/** Most assets that "select all" chooses. */
const MAX_ALL = 1000

type Items = ReadonlyMap<string, Item>

interface Choice {
  chosen: Items
  /** Id of the asset where a range begins. */
  anchor: string | null
  /** What was chosen without the range. */
  base: Items
}

const NONE: Choice = { chosen: new Map(), anchor: null, base: new Map() }

function toggled({ chosen }: Choice, item: Item): Choice {
  const after = new Map(chosen)
  if (!after.delete(item.id)) after.set(item.id, item)
  return { chosen: after, anchor: item.id, base: after }
}

/** The chosen assets of the gallery. They stay chosen while the list grows. */
export function useSelection(items: Item[]) {
  const [choice, setChoice] = useState(NONE)
  const indexOf = (id: string | null) => items.findIndex((item) => item.id === id)
  const extended = (before: Choice, item: Item): Choice => {
    const [a, b] = [indexOf(before.anchor), indexOf(item.id)]
    if (a < 0 || b < 0) return toggled(before, item)
    const range = items.slice(Math.min(a, b), Math.max(a, b) + 1)
    return { ...before, chosen: new Map([...before.base, ...range.map((one) => [one.id, one] as const)]) }
  }
  return {
    chosen: choice.chosen,
    clear: () => setChoice(NONE),
    /** Chooses all assets that are loaded. */
    all() {
      const chosen = new Map(items.slice(0, MAX_ALL).map((item) => [item.id, item]))
      setChoice({ chosen, anchor: null, base: chosen })
    },
    /** Removes assets from the selection, for example because they were deleted. */
    drop(ids: ReadonlySet<string>) {
      const without = (from: Items) => new Map([...from].filter(([id]) => !ids.has(id)))
      setChoice(({ chosen, anchor, base }) => ({ chosen: without(chosen), anchor, base: without(base) }))
    },
    /** Chooses an asset, or no longer. @param range whether all assets since the last choice are chosen instead */
    select(item: Item, range: boolean) {
      setChoice((before) => (range ? extended(before, item) : toggled(before, item)))
    },
    /** Chooses all assets between two. The range begins where the last one began, if something is chosen. */
    extend(from: Item, to: Item) {
      setChoice((before) => extended(indexOf(before.anchor) >= 0 ? before : toggled(NONE, from), to))
    },
  }
}

export type Selection = ReturnType<typeof useSelection>
