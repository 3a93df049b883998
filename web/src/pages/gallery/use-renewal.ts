import { useEffect, useRef } from 'preact/hooks'
import { type SearchState, toParameters } from './search-state.ts'
import { renewList } from './use-assets.ts'

/** Farther down, in pixels, assets do not move under the hand of the user: the list waits until its top is shown. */
const NEAR_TOP = 600

/**
 * Renews the list when the counts of its search were read again: after a change on any page of the client, and when the
 * user returns to the window.
 *
 * @param countedAt when the counts were read; 0: not yet
 */
export function useRenewal(search: SearchState, countedAt: number): void {
  const query = toParameters(search).toString()
  const seen = useRef({ query, countedAt })
  useEffect(() => {
    const before = seen.current
    seen.current = { query, countedAt }
    const isFirst = before.query !== query || before.countedAt === 0
    if (isFirst || countedAt <= before.countedAt) return
    const renew = () => {
      if (scrollY > NEAR_TOP) return
      removeEventListener('scroll', renew)
      // without an answer the list stays as it is; the next return to the window tries again
      renewList(search).catch(() => undefined)
    }
    addEventListener('scroll', renew, { passive: true })
    renew()
    return () => removeEventListener('scroll', renew)
  }, [query, countedAt])
}
