import type { ComponentType } from 'preact'
import { lazy } from 'preact-iso'
import { ErrorState } from '../design/states.tsx'
import { text } from '../text.ts'

let styles: Promise<void> | undefined

/** Applies the styles of the pages that are not in the first load. The document prefetches them. */
export function loadStyles(): Promise<void> {
  styles ??= new Promise((resolve, reject) => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="prefetch"][as="style"]')
    if (!link) return resolve()
    link.onload = () => resolve()
    link.onerror = () => reject(new Error(text.errors.outdated))
    link.rel = 'stylesheet'
  })
  return styles
}

/** Returns a page that is loaded when it is opened first. */
export function lazyPage(load: () => Promise<{ default: ComponentType }>) {
  return lazy(() =>
    Promise.all([load(), loadStyles()])
      .then(([page]) => page)
      // after an update of the service the files of this build do not exist any more
      .catch(() => ({ default: Outdated })),
  )
}

function Outdated() {
  return (
    <main id="content">
      <ErrorState error={new Error(text.errors.outdated)} isPage onRetry={() => location.reload()} />
    </main>
  )
}
