import close from 'lucide-static/icons/x.svg'
import { useEffect, useState } from 'preact/hooks'
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

/** The place of the messages. The page has it once. */
export function Toasts() {
  const [shown, setShown] = useState(messages)
  useEffect(() => {
    listeners.add(setShown)
    return () => {
      listeners.delete(setShown)
    }
  }, [])
  return (
    <div class="toasts" role="status">
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
