import { useState } from 'preact/hooks'
import type { Item } from './use-assets.ts'

/** The chosen assets of the gallery. They stay chosen while the list grows. */
export function useSelection(items: Item[]) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Item>>(new Map())
  const [lastId, setLastId] = useState<string | null>(null)
  return {
    chosen,
    clear: () => setChosen(new Map()),
    /** Removes assets from the selection, for example because they were deleted. */
    drop(ids: string[]) {
      setChosen((before) => new Map([...before].filter(([id]) => !ids.includes(id))))
    },
    /** Chooses an asset, or no longer. @param range whether all assets since the last choice are chosen too */
    select(item: Item, range: boolean) {
      const [a, b] = [items.findIndex(({ id }) => id === lastId), items.findIndex(({ id }) => id === item.id)]
      setLastId(item.id)
      setChosen((before) => {
        const after = new Map(before)
        if (range && a >= 0 && b >= 0) {
          for (const one of items.slice(Math.min(a, b), Math.max(a, b) + 1)) after.set(one.id, one)
        } else if (!after.delete(item.id)) {
          after.set(item.id, item)
        }
        return after
      })
    },
  }
}
