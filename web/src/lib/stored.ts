import { useState } from 'preact/hooks'

/** Returns a setting of this browser and a function that changes it. Without storage it lasts as long as the page. */
export function useStored<Value extends string>(
  key: string,
  values: readonly [Value, ...Value[]],
): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => {
    const stored = readStored(key)
    return values.find((one) => one === stored) ?? values[0]
  })
  return [
    value,
    (to) => {
      setValue(to)
      write(`kura.${key}`, to)
    },
  ]
}

/** Returns the stored text of a setting; null if there is none. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(`kura.${key}`)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // the page works without storage
  }
}
