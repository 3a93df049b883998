import close from 'lucide-static/icons/x.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { text } from '../text.ts'
import { Button } from './button.tsx'

/** How long a message stays, in milliseconds. */
const SHOWN_MS = 8000
/** Most messages at once. */
const MAX_SHOWN = 3

interface Message {
  id: number
  words: string
}

let messages: Message[] = []
let nextId = 1
const listeners = new Set<(messages: Message[]) => void>()

function change(to: Message[]): void {
  messages = to
  for (const listener of listeners) listener(messages)
}

/** Shows a message at the edge of the page for some seconds. Screen readers say it. */
export function tell(words: string): void {
  const id = nextId++
  change([...messages, { id, words }].slice(-MAX_SHOWN))
  setTimeout(() => dismiss(id), SHOWN_MS)
}

const dismiss = (id: number) => change(messages.filter((message) => message.id !== id))

function areOverlapping(one: Element, other: Element): boolean {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/** The place of the messages. The page has it once. They disappear when the focus goes to what they cover. */
export function Toasts() {
  const [shown, setShown] = useState(messages)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const onFocus = ({ target }: FocusEvent) => {
      const { current } = place
      if (!current || !(target instanceof Element) || current.contains(target)) return
      if (areOverlapping(current, target)) change([])
    }
    listeners.add(setShown)
    addEventListener('focusin', onFocus)
    return () => {
      listeners.delete(setShown)
      removeEventListener('focusin', onFocus)
    }
  }, [])
  return (
    <div ref={place} class="toasts" role="status">
      {shown.map(({ id, words }) => (
        <div key={id} class="toast">
          <p>{words}</p>
          <Button variant="ghost" square icon={close} onClick={() => dismiss(id)}>
            {text.close}
          </Button>
        </div>
      ))}
    </div>
  )
}
