import type { ComponentChildren } from 'preact'
import { useId } from '../lib/use-id.ts'

interface Props {
  title: string
  hint?: string
  children: ComponentChildren
}

/** A part of a page of settings: its title and meaning beside its content, above it on a narrow page. */
export function Section({ title, hint, children }: Props) {
  const id = useId()
  return (
    <section class="section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {hint && <p class="soft">{hint}</p>}
      </header>
      <div class="panel">{children}</div>
    </section>
  )
}
