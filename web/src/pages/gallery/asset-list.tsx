import { useEffect } from 'preact/hooks'
import { text } from '../../text.ts'
import { Card } from './card.tsx'
import type { Item } from './use-assets.ts'
import { useListKeys } from './use-list-keys.ts'
import type { Selection } from './use-selection.ts'
import { useWindow } from './use-window.ts'

/** Sizes of the cards. The first is the default. */
export const CARD_SIZES = ['medium', 'small', 'large'] as const
export type CardSize = (typeof CARD_SIZES)[number]

interface Props {
  items: Item[]
  /** Length of the whole list; -1: unknown. */
  length: number
  view: 'grid' | 'list'
  size: CardSize
  isLoading: boolean
  /** Whether the items belong to the search before this one. */
  isStale: boolean
  selection: Selection
  onEnd: () => void
}

/** Heights and spaces of card.css, in pixels. */
const GRID = { gap: 16, heightOf: (width: number) => (width * 3) / 4 + 48 }
const LIST = { minWidth: 0, gap: 4, heightOf: () => 56 }
const MIN_WIDTHS = { small: 128, medium: 184, large: 296 }

/** Places shown while the first assets load: enough for a wide window. Those below it are cut off. */
const PLACEHOLDERS = Array.from({ length: 60 }, (_, index) => index)
/** Pictures that are loaded at once, because they are in view at first. */
const EAGER = 12

/** A list of any length, of which the part in view is rendered. Calls `onEnd` near its end. */
export function AssetList({ items, length, view, size, isLoading, isStale, selection, onEnd }: Props) {
  const layout = useWindow(items.length, view === 'list' ? LIST : { ...GRID, minWidth: MIN_WIDTHS[size] })
  const { list, columns, from, to, before, after, isAtEnd } = layout
  const { focused, handlers } = useListKeys(items, selection, layout)
  useEffect(() => {
    if (isAtEnd && !isLoading && items.length > 0) onEnd()
  }, [isAtEnd, isLoading, items.length, onEnd])

  const cardAt = (index: number) => {
    const item = items[index]
    return (
      item && (
        <Card
          key={item.id}
          item={item}
          view={view}
          isSelected={selection.chosen.has(item.id)}
          onSelect={selection.select}
          position={index + 1}
          length={length}
          isEager={index < EAGER}
          isKept={index < from || index >= to}
        />
      )
    )
  }
  const shown = Array.from(
    { length: Math.max(0, Math.min(to, items.length) - from) },
    (_, index) => from + index,
  )
  return (
    <>
      <div style={{ height: `${before}px` }} />
      <ul
        ref={list}
        class={`cards ${view}`}
        aria-label={text.gallery.title}
        aria-busy={isLoading || isStale}
        style={{ '--columns': String(columns), opacity: isStale ? 0.6 : 1 }}
        {...handlers}
      >
        {items.length === 0
          ? PLACEHOLDERS.map((index) => (
              <li key={index} class={`card ${view} placeholder`} aria-hidden="true">
                <span class="picture skeleton" />
                <span class="line skeleton" />
              </li>
            ))
          : [
              focused >= 0 && focused < from && cardAt(focused),
              ...shown.map(cardAt),
              focused >= to && cardAt(focused),
            ]}
      </ul>
      <div style={{ height: `${after}px` }} />
      <p class="soft more" role="status">
        {isLoading && items.length > 0 && text.gallery.loadingMore}
      </p>
    </>
  )
}
