import { useLayoutEffect } from 'preact/hooks'
import { text } from '../text.ts'

/** Sets the title of the page, together with its content: the focus moves there at the same time. */
export function usePage(title: string | undefined): void {
  useLayoutEffect(() => {
    document.title = title ? `${title} – ${text.name}` : text.name
  }, [title])
}
