import { useEffect } from 'preact/hooks'
import { text } from '../../text.ts'
import { Card } from './card.tsx'
import type { Item } from './use-assets.ts'
import type { useSelection } from './use-selection.ts'
import { useWindow } from './use-window.ts'

interface Props {
  items: Item[]
  /** Length of the whole list; -1: unknown. */
  length: number
  view: 'grid' | 'list'
  isLoading: boolean
  /** Whether the items belong to the search before this one. */
  isStale: boolean
  selection: ReturnType<typeof useSelection>
  onEnd: () => void
}

/** Heights and spaces of card.css, in pixels. */
const LAYOUTS = {
  grid: { minWidth: 176, gap: 16, heightOf: (width: number) => (width * 3) / 4 + 48 },
  list: { minWidth: 0, gap: 4, heightOf: () => 56 },
}

/** Places shown while the first assets load. */
const PLACEHOLDERS = Array.from({ length: 12 }, (_, index) => index)

/** A list of any length, of which the part in view is rendered. Calls `onEnd` near its end. */
export function AssetList({ items, length, view, isLoading, isStale, selection, onEnd }: Props) {
  const { list, columns, from, to, before, after, isAtEnd } = useWindow(items.length, LAYOUTS[view])
  useEffect(() => {
    if (isAtEnd && !isLoading && items.length > 0) onEnd()
  }, [isAtEnd, isLoading, items.length, onEnd])
  return (
    <>
      <div style={{ height: `${before}px` }} />
      <ul
        ref={list}
        class={`cards ${view}`}
        aria-label={text.gallery.title}
        aria-busy={isLoading || isStale}
        style={{ '--columns': String(columns), opacity: isStale ? 0.6 : 1 }}
      >
        {items.length === 0
          ? PLACEHOLDERS.map((index) => (
              <li key={index} class={`card ${view}`} aria-hidden="true">
                <span class="picture skeleton" />
              </li>
            ))
          : items
              .slice(from, to)
              .map((item, index) => (
                <Card
                  key={item.id}
                  item={item}
                  view={view}
                  isSelected={selection.chosen.has(item.id)}
                  onSelect={(range) => selection.select(item, range)}
                  position={from + index + 1}
                  length={length}
                />
              ))}
      </ul>
      <div style={{ height: `${after}px` }} />
      {isLoading && items.length > 0 && <p class="soft more">{text.gallery.loadingMore}</p>}
    </>
  )
}
