import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { clamp, fit, type Size, type View, zoom } from './view-state.ts'

const NOTHING: Size = { width: 0, height: 0 }

/**
 * Zoom and pan of an image by wheel, pointer and two fingers. Where the image is fitted, it stays so in a new size
 * of the frame or of the image; else what is seen stays.
 */
export function useView(frame: RefObject<HTMLElement>, image: Size | null) {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 })
  const now = useRef({ view, isFitted: true, image, room: NOTHING })
  useLayoutEffect(() => {
    const { image: before, isFitted, room, view: from } = now.current
    now.current.image = image
    if (isFitted || !before || !image) toFit()
    else show(clamp({ ...from, scale: (from.scale * before.width) / image.width }, image, room))
  }, [image])
  const show = (to: View, isFitted = false) => {
    now.current.view = to
    now.current.isFitted = isFitted
    setView(to)
  }
  const toFit = () => {
    const { image: size, room } = now.current
    if (size && room.width > 0) show(fit(size, room), true)
  }
  const zoomAt = (factor: number, at = { x: now.current.room.width / 2, y: now.current.room.height / 2 }) => {
    const { view: from, image: size, room } = now.current
    if (size) show(zoom(from, { factor, at, image: size, frame: room }))
  }
  const pan = (x: number, y: number) => {
    const { view: from, image: size, room } = now.current
    if (size) show(clamp({ ...from, x: from.x + x, y: from.y + y }, size, room))
  }
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element
      now.current.room = { width, height }
      if (now.current.isFitted) toFit()
      else pan(0, 0)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const element = frame.current
    return element ? listen(element, { zoomAt, pan }) : undefined
  }, [])
  return {
    view,
    isFitted: now.current.isFitted,
    toFit,
    zoomAt,
    pan,
    toScale: (scale: number) => zoomAt(scale / now.current.view.scale),
  }
}

interface Moves {
  zoomAt(factor: number, at: { x: number; y: number }): void
  pan(x: number, y: number): void
}

function listen(element: HTMLElement, { zoomAt, pan }: Moves): () => void {
  const pointers = new Map<number, PointerEvent>()
  const placeOf = ({ clientX, clientY }: { clientX: number; clientY: number }) => {
    const { left, top } = element.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }
  const distance = ([one, other]: PointerEvent[]) =>
    one && other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 33
    zoomAt(Math.exp(-Math.max(-200, Math.min(200, pixels)) / (event.ctrlKey ? 100 : 400)), placeOf(event))
  }
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    element.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, event)
  }
  const onMove = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId)
    if (!before) return
    const from = distance([...pointers.values()])
    pointers.set(event.pointerId, event)
    const all = [...pointers.values()]
    pan((event.clientX - before.clientX) / all.length, (event.clientY - before.clientY) / all.length)
    const [one, other] = all.map(placeOf)
    if (one && other && from > 0)
      zoomAt(distance(all) / from, { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 })
  }
  const onUp = ({ pointerId }: PointerEvent) => pointers.delete(pointerId)
  element.addEventListener('wheel', onWheel, { passive: false })
  element.addEventListener('pointerdown', onDown)
  element.addEventListener('pointermove', onMove)
  element.addEventListener('pointerup', onUp)
  element.addEventListener('pointercancel', onUp)
  return () => {
    element.removeEventListener('wheel', onWheel)
    element.removeEventListener('pointerdown', onDown)
    element.removeEventListener('pointermove', onMove)
    element.removeEventListener('pointerup', onUp)
    element.removeEventListener('pointercancel', onUp)
  }
}
