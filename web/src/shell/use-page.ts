import { useEffect } from 'preact/hooks'
import { text } from '../text.ts'

/** Sets the title of the page. */
export function usePage(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} – ${text.name}` : text.name
  }, [title])
}
