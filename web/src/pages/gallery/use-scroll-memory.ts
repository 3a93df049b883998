import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/** Pause after which the position is stored, in milliseconds: browsers limit how often the history can change. */
const PAUSE_MS = 120

interface Stored {
  scroll?: number
}

/**
 * Returns to the place where the user left the list, by Back or Forward. The entry of the history holds it, so that a
 * new visit begins at the top.
 *
 * @param isReady whether the list has its full height
 */
export function useScrollMemory(isReady: boolean): void {
  const isRestored = useRef(false)
  useLayoutEffect(() => {
    if (!isReady || isRestored.current) return
    isRestored.current = true
    const { scroll = 0 } = (history.state ?? {}) as Stored
    if (scroll > 0) scrollTo(0, scroll)
  }, [isReady])
  useEffect(() => {
    let timer = 0
    const address = location.href
    const store = () => {
      clearTimeout(timer)
      if (location.href !== address) return
      history.replaceState({ ...(history.state as Stored | null), scroll: scrollY }, '')
    }
    const onScroll = () => {
      clearTimeout(timer)
      timer = window.setTimeout(store, PAUSE_MS)
    }
    addEventListener('scroll', onScroll, { passive: true })
    // before a link is followed
    addEventListener('click', store, { capture: true })
    return () => {
      clearTimeout(timer)
      removeEventListener('scroll', onScroll)
      removeEventListener('click', store, { capture: true })
    }
  })
}
