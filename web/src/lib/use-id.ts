import { useState } from 'preact/hooks'

let last = 0

/** Returns an id that no other element has. `useId` of Preact gives the same one again after a change of the address. */
export function useId(): string {
  const [id] = useState(() => `id-${++last}`)
  return id
}
