import loader from 'lucide-static/icons/loader-circle.svg'
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { toError } from '../api/errors.ts'
import { Icon } from '../design/icon.tsx'
import { ErrorState } from '../design/states.tsx'
import { text } from '../text.ts'

/** Says that a viewer or its file is being loaded. */
export function Waiting({ children }: { children?: string }) {
  return (
    <p class="waiting" role="status">
      <Icon shapes={loader} />
      {children ?? text.loading}
    </p>
  )
}

/** Returns a component whose code is loaded when it is shown first. */
export function lazyPart<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  let Loaded: ComponentType<Props> | null = null
  return function LazyPart(props: Props) {
    const [attempt, setAttempt] = useState(0)
    const [error, setError] = useState<Error | null>(null)
    const [, setLoaded] = useState(Loaded !== null)
    useEffect(() => {
      if (Loaded) return
      setError(null)
      load().then(
        (part) => {
          Loaded = part.default
          setLoaded(true)
        },
        (thrown) => setError(toError(thrown)),
      )
    }, [attempt])
    if (Loaded) return <Loaded {...props} />
    if (error) return <ErrorState error={error} onRetry={() => setAttempt(attempt + 1)} />
    return <Waiting />
  }
}
