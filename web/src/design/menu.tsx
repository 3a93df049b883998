import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import type { Shapes } from './icon.tsx'

interface Props {
  label: string
  icon?: Shapes
  /** Shown in place of an icon. */
  face?: ComponentChildren
  children: ComponentChildren
}

/** A button that opens a list of links and buttons. Escape, a click elsewhere and a choice close it. */
export function Menu({ label, icon, face, children }: Props) {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const onPointer = ({ target }: PointerEvent) => {
      if (target instanceof Node && !root.current?.contains(target)) setOpen(false)
    }
    document.addEventListener('pointerdown', onPointer)
    return () => document.removeEventListener('pointerdown', onPointer)
  }, [isOpen])
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && isOpen) {
      setOpen(false)
      root.current?.querySelector('button')?.focus()
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const items = [...(root.current?.querySelectorAll<HTMLElement>('.item') ?? [])]
      const at = items.indexOf(document.activeElement as HTMLElement)
      const next = items.at((at + (event.key === 'ArrowDown' ? 1 : -1)) % Math.max(1, items.length))
      if (!next) return
      event.preventDefault()
      next.focus()
    }
  }
  const onLeave = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget instanceof Node && !root.current?.contains(relatedTarget)) setOpen(false)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the controls inside bubble up to here
    <div class="menu" ref={root} onKeyDown={onKey} onFocusOut={onLeave}>
      <Button
        variant="ghost"
        square
        {...(icon && { icon })}
        face={face}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </Button>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a choice closes the list
        // biome-ignore lint/a11y/useKeyWithClickEvents: a key on a choice is a click too
        <div class="list" onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  )
}
