import fitIcon from 'lucide-static/icons/square-dashed.svg'
import zoomInIcon from 'lucide-static/icons/zoom-in.svg'
import zoomOutIcon from 'lucide-static/icons/zoom-out.svg'
import { useState } from 'preact/hooks'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { ErrorState } from '../../design/states.tsx'
import { viewUrl } from '../bytes.ts'
import { Waiting } from '../lazy.tsx'
import { Tools, useStageKeys } from '../tools.tsx'
import type { FileProps } from '../viewer.tsx'
import { useView } from './use-view.ts'
import type { Size } from './view-state.ts'

const STEP = 1.4
const PAN = 60
/** Scale from which pixels are drawn as squares. */
const PIXELATED = 4

/** An image with zoom and pan. An SVG is an image too: nothing in it runs or loads. */
export default function ImageViewer({ file, renew }: FileProps) {
  const [size, setSize] = useState<Size | null>(null)
  const [isBroken, setBroken] = useState(false)
  const [hasAsked, setAsked] = useState(false)
  // an image that is loaded needs no new URL
  const [source, setSource] = useState(() => viewUrl(file))
  const fresh = viewUrl(file)
  if (source !== fresh && !size) setSource(fresh)

  const onError = () => {
    if (hasAsked || !renew) return setBroken(true)
    setAsked(true)
    renew().then(
      () => setTimeout(() => setBroken(true), 0),
      () => setBroken(true),
    )
  }
  const keys = useStageKeys<HTMLDivElement>({
    '+': () => zoomAt(STEP),
    '=': () => zoomAt(STEP),
    '-': () => zoomAt(1 / STEP),
    '0': () => toFit(),
    '1': () => toScale(1),
    ArrowLeft: () => pan(PAN, 0),
    ArrowRight: () => pan(-PAN, 0),
    ArrowUp: () => pan(0, PAN),
    ArrowDown: () => pan(0, -PAN),
  })
  const { view, toFit, zoomAt, toScale, pan } = useView(keys, size)
  if (isBroken && source === fresh) return <ErrorState error={new Error(assetText.viewer.cannotShow)} />
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        class="image"
        role="group"
        aria-label={assetText.viewer.imageKeys}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys zoom and pan
        tabIndex={0}
        ref={keys}
        onDblClick={() => (view.scale === 1 ? toFit() : toScale(1))}
      >
        <img
          src={source}
          alt={file.name}
          draggable={false}
          class={size ? (view.scale >= PIXELATED ? 'pixelated' : '') : 'loading'}
          // its real size, not a scaled one, so that the browser keeps no larger picture than it shows
          style={{
            ...(size && { width: size.width * view.scale, height: size.height * view.scale }),
            transform: `translate(${view.x}px, ${view.y}px)`,
          }}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            // an SVG can have no size of its own
            setSize({ width: naturalWidth || 512, height: naturalHeight || 512 })
          }
          onError={onError}
        />
        {!size && <Waiting />}
      </div>
      <Tools>
        <Button variant="ghost" square icon={zoomOutIcon} onClick={() => zoomAt(1 / STEP)}>
          {assetText.viewer.zoomOut}
        </Button>
        <span class="zoom" role="status">
          {Math.round(view.scale * 100)} %
        </span>
        <Button variant="ghost" square icon={zoomInIcon} onClick={() => zoomAt(STEP)}>
          {assetText.viewer.zoomIn}
        </Button>
        <Button variant="ghost" square icon={fitIcon} onClick={toFit}>
          {assetText.viewer.fit}
        </Button>
        <Button variant="ghost" onClick={() => toScale(1)}>
          {assetText.viewer.full}
        </Button>
        {size && (
          <span class="fact">
            {size.width} × {size.height}
          </span>
        )}
      </Tools>
    </>
  )
}
