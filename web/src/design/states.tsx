import circleAlert from 'lucide-static/icons/circle-alert.svg'
import type { ComponentChildren } from 'preact'
import { text } from '../text.ts'
import { Button } from './button.tsx'
import { Icon, type Shapes } from './icon.tsx'

interface Props {
  icon?: Shapes
  title: string
  /** Whether the page has no other heading. */
  isPage?: boolean
  children?: ComponentChildren
}

/** Fills a page or a part of it that has nothing to show: what there would be, and what one can do. */
export function State({ icon, title, isPage = false, children }: Props) {
  return (
    <div class="state">
      {icon && <Icon shapes={icon} />}
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </div>
  )
}

interface ErrorProps extends Pick<Props, 'isPage'> {
  error: Error
  onRetry?: () => void
}

/** Says that something could not be loaded. */
export function ErrorState({ error, isPage = false, onRetry }: ErrorProps) {
  return (
    <div role="alert">
      <State icon={circleAlert} title={text.errors.title} isPage={isPage}>
        <p class="soft">{error.message}</p>
        {onRetry && <Button onClick={onRetry}>{text.errors.retry}</Button>}
      </State>
    </div>
  )
}

/** A message beside a form or a list. */
export function Notice({
  kind = 'info',
  children,
}: {
  kind?: 'info' | 'danger'
  children: ComponentChildren
}) {
  return (
    <div class={`notice ${kind}`} role={kind === 'danger' ? 'alert' : undefined}>
      {kind === 'danger' && <Icon shapes={circleAlert} />}
      <div>{children}</div>
    </div>
  )
}
