import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'

/** Shows a page to people who are signed in, and leads others to the sign-in page and back. */
export function NeedSession({ children }: { children: ComponentChildren }) {
  const { token } = useSession()
  const { url, route } = useLocation()
  useEffect(() => {
    // later the session ends by signing out, which opens the gallery
    if (!token) route(`${at('/sign-in')}?next=${encodeURIComponent(url)}`, true)
  }, [])
  return token ? children : null
}
