import { useEffect, useRef, useState } from 'preact/hooks'
import { viewUrl } from '../bytes.ts'
import { THUMBNAIL_SIDE } from '../preview.ts'
import type { FileProps } from '../viewer.tsx'
import type { Size } from './view-state.ts'

/** A picture that the browser has. */
interface Picture {
  url: string
  size: Size
}

/** Longest wait for a quiet moment, in milliseconds. */
const IDLE_MS = 2000
/** How many times larger than a full thumbnail an image is taken for, as long as its size is not known. */
const LARGER = 16
/** Size of an SVG that has none, in pixels. */
const NO_SIZE = 512

/**
 * Loads an image: first its preview, then the file when the page is quiet, or at once without a preview and after `hurry`.
 * A URL that has ended is renewed once.
 */
export function usePicture({ file, preview, renew }: Pick<FileProps, 'file' | 'preview' | 'renew'>) {
  const [standIn, setStandIn] = useState<Picture | null>(null)
  const [original, setOriginal] = useState<Picture | null>(null)
  const [isBroken, setBroken] = useState(false)
  const [isWanted, setWanted] = useState(!preview)
  const hasAsked = useRef(false)
  const source = viewUrl(file)
  const latest = useRef(source)
  latest.current = source

  useEffect(() => {
    if (!preview) return
    return load(preview, 'high', setStandIn, () => setWanted(true))
  }, [])
  useEffect(() => {
    if (standIn && !isWanted) return whenIdle(() => setWanted(true))
  }, [standIn])
  useEffect(() => {
    if (!isWanted || original) return
    return load(source, preview ? 'auto' : 'high', setOriginal, () => {
      if (hasAsked.current || !renew) return setBroken(true)
      hasAsked.current = true
      // after a render with the answer. The same URL again means that the file itself cannot be shown
      const check = () => setTimeout(() => latest.current === source && setBroken(true), 0)
      renew().then(check, check)
    })
  }, [isWanted, source])

  const size = original?.size ?? (standIn && likelySize(standIn.size))
  return {
    url: (original ?? standIn)?.url,
    size: useSame(size),
    /** Whether the file itself is shown, and its size is known. */
    isOriginal: original !== null,
    isBroken: isBroken && !original,
    hurry: () => setWanted(true),
  }
}

/** Returns the size of an image of which only the thumbnail is known: the same for a small one, else a large one. */
function likelySize({ width, height }: Size): Size {
  const factor = Math.max(width, height) < THUMBNAIL_SIDE ? 1 : LARGER
  return { width: width * factor, height: height * factor }
}

/** Returns the same object as long as the size is the same. */
function useSame(size: Size | null): Size | null {
  const kept = useRef(size)
  if (kept.current?.width !== size?.width || kept.current?.height !== size?.height) kept.current = size
  return kept.current
}

/** Loads a picture, and decodes it before it is shown. Returns a function that gives up. */
function load(
  url: string,
  priority: 'high' | 'auto',
  onLoad: (picture: Picture) => void,
  onError: () => void,
): () => void {
  const image = new Image()
  let isGone = false
  image.fetchPriority = priority
  image.onload = async () => {
    // what cannot be decoded ahead is decoded when it is drawn
    await image.decode().catch(() => undefined)
    const { naturalWidth: width, naturalHeight: height } = image
    if (!isGone) onLoad({ url, size: { width: width || NO_SIZE, height: height || NO_SIZE } })
  }
  image.onerror = () => !isGone && onError()
  image.src = url
  return () => {
    isGone = true
    image.src = ''
  }
}

/** Calls a function when the page has loaded and has nothing to do. Returns a function that gives up. */
function whenIdle(act: () => void): () => void {
  // Safari has no idle callbacks
  if (!('requestIdleCallback' in globalThis)) {
    const timer = setTimeout(act, IDLE_MS / 4)
    return () => clearTimeout(timer)
  }
  const request = requestIdleCallback(act, { timeout: IDLE_MS })
  return () => cancelIdleCallback(request)
}
