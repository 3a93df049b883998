import { useState } from 'preact/hooks'
import { text } from '../text.ts'
import { Button } from './button.tsx'

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}

/** The button at the end of a list of which a part is shown. */
export function More({ list: { hasNextPage, isFetchingNextPage, fetchNextPage } }: Props) {
  if (!hasNextPage) return null
  return (
    <p class="more">
      <Button busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
        {text.showMore}
      </Button>
    </p>
  )
}

/** Entries of a list that are drawn before the user asks for more, and each time that they do. */
export const PART = 100

/** Returns the first entries of a list, and the `list` of a `More` that shows the next ones. */
export function usePart<Entry>(entries: readonly Entry[]) {
  const [count, setCount] = useState(PART)
  return {
    part: entries.slice(0, count),
    more: {
      hasNextPage: entries.length > count,
      isFetchingNextPage: false,
      fetchNextPage: () => setCount(count + PART),
    },
  }
}
