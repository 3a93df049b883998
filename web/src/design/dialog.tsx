import close from 'lucide-static/icons/x.svg'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { useId } from '../lib/use-id.ts'
import { text } from '../text.ts'
import { Button } from './button.tsx'

interface Props {
  title: string
  /** Missing: the dialog asks for an answer and cannot be closed. */
  onClose?: () => void
  children: ComponentChildren
}

/** A modal dialog. Escape and the button close it; then the focus returns to where it was. */
export function Dialog({ title, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // an effect after the paint would give the keys that are pressed at once to the page behind
  useLayoutEffect(() => {
    const before = document.activeElement
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      // browsers close a dialog at the second Escape, whatever the page does
      onClose={({ currentTarget }) =>
        currentTarget.isConnected && (onClose ?? (() => currentTarget.showModal()))()
      }
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && (
          <Button variant="ghost" square icon={close} onClick={onClose}>
            {text.close}
          </Button>
        )}
      </header>
      <div class="content">{children}</div>
    </dialog>
  )
}
