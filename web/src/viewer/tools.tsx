import expand from 'lucide-static/icons/maximize.svg'
import shrink from 'lucide-static/icons/minimize.svg'
import type { ComponentChildren, RefObject } from 'preact'
import { createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import { assetText } from '../asset-text.ts'
import { Button } from '../design/button.tsx'

/** The element that fills the screen with the button "Full screen". */
export const StageElement = createContext<RefObject<HTMLElement>>({ current: null })

/** The bar below what is viewed: the tools of the viewer, and full screen. */
export function Tools({ children }: { children?: ComponentChildren }) {
  return (
    <div class="tools" role="toolbar" aria-label={assetText.viewer.tools}>
      {children}
      <FullScreen />
    </div>
  )
}

function FullScreen() {
  const stage = useContext(StageElement)
  const [isFull, setFull] = useState(false)
  useEffect(() => {
    const update = () => setFull(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', update)
    return () => document.removeEventListener('fullscreenchange', update)
  }, [])
  // iPhones show only videos in full screen, and those have a button of their own
  if (!document.fullscreenEnabled) return null
  const toggle = () =>
    isFull ? document.exitFullscreen() : stage.current?.requestFullscreen().catch(() => setFull(false))
  return (
    <Button variant="ghost" square icon={isFull ? shrink : expand} aria-pressed={isFull} onClick={toggle}>
      {assetText.viewer.fullScreen}
    </Button>
  )
}

/** Calls a function for the keys that it is named for, as long as an element or something in it has the focus. */
export function useStageKeys<Element extends HTMLElement>(keys: Record<string, () => void>) {
  const element = useRef<Element>(null)
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const act = current.current[event.key]
      if (!act) return
      event.preventDefault()
      act()
    }
    const target = element.current
    target?.addEventListener('keydown', onKey)
    return () => target?.removeEventListener('keydown', onKey)
  }, [])
  return element
}
