import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { isField } from '../../lib/keys.ts'
import type { Item } from './use-assets.ts'
import type { Selection } from './use-selection.ts'

interface Layout {
  list: { readonly current: HTMLElement | null }
  columns: number
  reveal: (index: number) => void
}

/** Items by which a key moves the focus. */
function stepOf(key: string, index: number, columns: number, count: number): number {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  }
  return steps[key] ?? 0
}

/**
 * Moves the focus between the items of the list by arrow keys, Home and End. With Shift the items on the way are chosen.
 * Space chooses one.
 *
 * @returns the index of the item with the focus, which has to stay rendered, or -1; and the handlers of the list
 */
export function useListKeys(items: Item[], selection: Selection, { list, columns, reveal }: Layout) {
  const [focusedId, setFocusedId] = useState<string | null>(null)
  /** Index of the item that gets the focus when it is rendered. */
  const wanted = useRef<number | null>(null)
  const focusWanted = () => {
    if (wanted.current === null) return
    const link = list.current?.querySelector<HTMLElement>(`[aria-posinset="${wanted.current + 1}"] a`)
    if (!link || link.closest('.kept')) return
    wanted.current = null
    link.focus({ preventScroll: true })
  }
  useLayoutEffect(focusWanted)

  const indexOf = (target: EventTarget | null) => {
    const item = target instanceof Element ? target.closest('[aria-posinset]') : null
    return Number(item?.getAttribute('aria-posinset') ?? 0) - 1
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const index = indexOf(event.target)
    const from = items[index]
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === ' ' && event.target instanceof HTMLAnchorElement) {
      event.preventDefault()
      selection.select(from, event.shiftKey)
      return
    }
    const step = stepOf(event.key, index, columns, items.length)
    if (step === 0) return
    event.preventDefault()
    const next = Math.max(0, Math.min(items.length - 1, index + step))
    const to = items[next]
    if (!to) return
    if (event.shiftKey) selection.extend(from, to)
    wanted.current = next
    reveal(next)
    focusWanted()
  }
  return {
    focused: focusedId === null ? -1 : items.findIndex(({ id }) => id === focusedId),
    handlers: {
      onKeyDown,
      onFocusIn: ({ target }: FocusEvent) => setFocusedId(items[indexOf(target)]?.id ?? null),
      onFocusOut: ({ relatedTarget }: FocusEvent) => {
        if (!(relatedTarget instanceof Node && list.current?.contains(relatedTarget))) setFocusedId(null)
      },
    },
  }
}

/** Keys for the whole selection: Ctrl+A or ⌘A, Escape and Delete. They work wherever nobody types. */
export function useSelectionKeys(selection: Selection, onDelete: () => void): void {
  // an effect after the paint would miss keys that are pressed right after a choice
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isField(event.target) || document.querySelector('dialog[open]')) return
      if (event.key === 'a' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault()
        selection.all()
      }
      if (selection.chosen.size === 0) return
      if (event.key === 'Escape') selection.clear()
      if (event.key === 'Delete') onDelete()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
}
