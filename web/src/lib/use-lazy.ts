import { useEffect, useState } from 'preact/hooks'

/** Returns a part of the client that is loaded when it is needed; null until then. */
export function useLazy<Part>(load: () => Promise<Part>, isNeeded: boolean): Part | null {
  // a component is a function, so it is kept inside an object
  const [loaded, setLoaded] = useState<{ part: Part } | null>(null)
  useEffect(() => {
    if (!isNeeded || loaded) return
    let isGone = false
    load().then(
      (part) => !isGone && setLoaded({ part }),
      // without a connection; the next need tries again
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [isNeeded])
  return loaded?.part ?? null
}
