import { useEffect, useRef, useState } from 'preact/hooks'
import type { UploadItem } from './item.ts'
import type { UploadQueue } from './queue.ts'
import { Speed, secondsLeft } from './speed.ts'
import { hasFailed } from './state.ts'
import { openQueue } from './uploads.ts'

/** Time between two updates of the shown times, in milliseconds. */
const TICK_MS = 1000

interface Uploads {
  /** Null until it was opened. */
  queue: UploadQueue | null
  items: readonly UploadItem[]
}

/** Returns the queue and renders again when it changes. */
export function useUploads(): Uploads {
  const [queue, setQueue] = useState<UploadQueue | null>(null)
  const [, setItems] = useState<readonly UploadItem[]>([])
  useEffect(() => {
    let isShown = true
    let end = () => {}
    void openQueue().then((opened) => {
      if (!isShown) return
      setQueue(opened)
      end = opened.subscribe(() => setItems(opened.items))
    })
    return () => {
      isShown = false
      end()
    }
  }, [])
  return { queue, items: queue?.items ?? [] }
}

export interface Summary {
  done: number
  failed: number
  /** From 0 to 1. */
  part: number
  /** Bytes per second of all uploads. */
  speed: number
  secondsLeft: number | null
}

/** Returns how far the uploads are in all, with the speed of the last seconds. */
export function useSummary(items: readonly UploadItem[]): Summary {
  const meter = useRef(new Speed())
  const before = useRef(new Map<string, number>())
  const [now, setNow] = useState(Date.now())
  const isRunning = items.some(({ state }) => state === 'running')
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [isRunning])
  useEffect(() => {
    let sent = 0
    for (const { id, loaded } of items) sent += Math.max(0, loaded - (before.current.get(id) ?? loaded))
    before.current = new Map(items.map(({ id, loaded }) => [id, loaded]))
    if (sent > 0) meter.current.add(sent, Date.now())
  }, [items])
  const size = items.reduce((sum, item) => sum + item.size, 0)
  const loaded = items.reduce((sum, item) => sum + item.loaded, 0)
  const speed = isRunning ? meter.current.at(Math.max(now, Date.now())) : 0
  const done = items.filter(({ state }) => state === 'done').length
  return {
    done,
    failed: items.filter(({ state }) => hasFailed(state)).length,
    part: size > 0 ? loaded / size : done / Math.max(1, items.length),
    speed,
    secondsLeft: secondsLeft(size - loaded, speed),
  }
}
