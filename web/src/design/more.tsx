import { text } from '../text.ts'
import { Button } from './button.tsx'

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}

/** The button at the end of a list that has more pages. */
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
