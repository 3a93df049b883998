import music from 'lucide-static/icons/music.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { assetText } from '../asset-text.ts'
import { Icon } from '../design/icon.tsx'
import { viewUrl } from './bytes.ts'
import { Unshown } from './unshown.tsx'
import type { FileProps } from './viewer.tsx'

/**
 * A video or a sound with the controls of the browser. A new URL of the same file is taken when the old one fails or at the
 * next pause, because a change interrupts what is playing. It goes on at the same time.
 */
export default function MediaViewer({ file, preview, renew, onDownload }: FileProps) {
  const media = useRef<HTMLVideoElement>(null)
  const [source, setSource] = useState(() => viewUrl(file))
  const [isBroken, setBroken] = useState(false)
  /** Where the media goes on after the source has changed. */
  const goOn = useRef<{ time: number; plays: boolean } | null>(null)
  const place = useRef({ time: 0, plays: false })
  const hasAsked = useRef(false)
  const fresh = viewUrl(file)

  const change = (plays: boolean) => {
    goOn.current = { time: place.current.time, plays }
    hasAsked.current = false
    setSource(fresh)
    setBroken(false)
  }
  useEffect(() => {
    if (fresh !== source && (isBroken || media.current?.error || media.current?.paused))
      change((isBroken || Boolean(media.current?.error)) && place.current.plays)
  }, [fresh, isBroken])

  const onError = () => {
    if (fresh !== source) return change(place.current.plays)
    if (hasAsked.current || !renew) return setBroken(true)
    hasAsked.current = true
    // the effect above takes the new URL; the same one again means that the file itself cannot be played
    void renew().finally(() => setBroken(true))
  }
  const onMetadata = () => {
    const element = media.current
    if (!element || !goOn.current) return
    element.currentTime = goOn.current.time
    if (goOn.current.plays) element.play().catch(() => undefined)
    goOn.current = null
  }
  const onTime = () => {
    const element = media.current
    if (element && !element.error && !goOn.current) place.current.time = element.currentTime
  }
  if (isBroken && fresh === source)
    return (
      <Unshown file={file} onDownload={onDownload} reason={assetText.viewer.cannotPlay(file.mediaType)} />
    )
  const attributes = {
    ref: media,
    src: source,
    controls: true,
    preload: 'metadata' as const,
    'aria-label': file.name,
    onError,
    onTimeUpdate: onTime,
    onSeeking: onTime,
    onLoadedMetadata: onMetadata,
    onPlay: () => {
      place.current.plays = true
    },
    onPause: () => {
      if (media.current?.error) return
      place.current.plays = false
      if (fresh !== source && !goOn.current) change(false)
    },
  }
  if (file.mediaType.startsWith('audio/'))
    return (
      <div class="audio">
        <Icon shapes={music} size={72} />
        <p>{file.name}</p>
        <audio {...attributes} />
      </div>
    )
  return (
    <div class="video">
      <video {...attributes} playsInline {...(preview && { poster: preview })} />
    </div>
  )
}
