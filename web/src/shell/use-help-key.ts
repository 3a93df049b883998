import { useEffect } from 'preact/hooks'
import { isTyping } from '../lib/keys.ts'

/** Calls a function when `?` is pressed outside of fields. */
export function useHelpKey(onHelp: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === '?' && !isTyping(event)) onHelp()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}
