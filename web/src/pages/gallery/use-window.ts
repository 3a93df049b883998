import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

interface Layout {
  /** Smallest width of an item, in pixels; 0: one item in a row. */
  minWidth: number
  /** Space between items, in pixels. */
  gap: number
  /** Height of an item of a width, in pixels. */
  heightOf: (width: number) => number
}

/** Rows that are rendered above and below what is visible. */
const SPARE_ROWS = 3
/** Items of a larger smallest width can be alone in a row, in pixels. */
const LARGE = 200
/** In a wider list, in pixels, items are larger by a factor. */
const WIDE = 1500
const WIDE_FACTOR = 1.25
/** Height of what sticks to the top of the page, in pixels. */
const STICKY = 128

/**
 * Computes which items of a long list are rendered: those in view and some around them. All items have the same height,
 * so that the others are replaced by empty space. The page itself scrolls.
 *
 * @param count number of items
 */
export function useWindow(count: number, { minWidth, gap, heightOf }: Layout) {
  const list = useRef<HTMLUListElement>(null)
  const [width, setWidth] = useState(0)
  const [rows, setRows] = useState({ first: 0, last: 12 })

  const wanted = width > WIDE ? minWidth * WIDE_FACTOR : minWidth
  // two in a row also on a narrow screen, unless they are meant to be large
  const least = minWidth > LARGE ? wanted : Math.min(wanted, (width - gap) / 2)
  const columns = minWidth > 0 ? Math.max(1, Math.floor((width + gap) / (least + gap))) : 1
  const height = heightOf((width - gap * (columns - 1)) / columns) + gap
  const allRows = Math.ceil(count / columns)

  useLayoutEffect(() => {
    const element = list.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    let frame = 0
    const update = () => {
      frame = 0
      // the empty space before the list is the element above it
      const top = list.current?.previousElementSibling?.getBoundingClientRect().top ?? 0
      const first = Math.max(0, Math.floor(-top / height) - SPARE_ROWS)
      const last = Math.ceil((innerHeight - top) / height) + SPARE_ROWS
      setRows((shown) => (shown.first === first && shown.last === last ? shown : { first, last }))
    }
    const onScroll = () => {
      frame ||= requestAnimationFrame(update)
    }
    update()
    addEventListener('scroll', onScroll, { passive: true })
    addEventListener('resize', onScroll)
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', onScroll)
      removeEventListener('resize', onScroll)
    }
  }, [height])

  const first = Math.min(rows.first, Math.max(0, allRows - 1))
  const last = Math.min(rows.last, allRows)
  const reveal = (index: number) => {
    const origin = (list.current?.previousElementSibling?.getBoundingClientRect().top ?? 0) + scrollY
    const top = origin + Math.floor(index / columns) * height
    if (top - STICKY < scrollY) scrollTo(0, top - STICKY)
    else if (top + height > scrollY + innerHeight) scrollTo(0, top + height - innerHeight)
  }
  return {
    list,
    columns,
    /** Scrolls so far that an item is in view. */
    reveal,
    /** Indexes of the rendered items. */
    from: first * columns,
    to: last * columns,
    /** Empty space in place of the other items, in pixels. */
    before: first * height,
    after: Math.max(0, allRows - last) * height,
    /** Whether the end of the list is near. */
    isAtEnd: rows.last >= allRows - SPARE_ROWS,
  }
}
