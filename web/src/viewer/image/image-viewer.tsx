import broken from 'lucide-static/icons/image-off.svg'
import fitIcon from 'lucide-static/icons/square-dashed.svg'
import zoomInIcon from 'lucide-static/icons/zoom-in.svg'
import zoomOutIcon from 'lucide-static/icons/zoom-out.svg'
import { useEffect } from 'preact/hooks'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { Waiting } from '../lazy.tsx'
import { Tools, useStageKeys } from '../tools.tsx'
import { Unshown } from '../unshown.tsx'
import type { FileProps } from '../viewer.tsx'
import { usePicture } from './use-picture.ts'
import { useView } from './use-view.ts'

const STEP = 1.4
const PAN = 60
/** Scale from which pixels are drawn as squares. */
const PIXELATED = 4

/** An image with zoom and pan. An SVG is an image too: nothing in it runs or loads. */
export default function ImageViewer(props: FileProps) {
  const { file, onDownload } = props
  const { url, size, isOriginal, isBroken, hurry } = usePicture(props)
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
  const { view, isFitted, toFit, zoomAt, toScale, pan } = useView(keys, size)
  useEffect(() => {
    if (!isFitted) hurry()
  }, [isFitted])
  if (isBroken)
    return <Unshown file={file} onDownload={onDownload} icon={broken} reason={assetText.viewer.cannotShow} />
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
        {size && (
          <img
            src={url}
            alt={file.name}
            draggable={false}
            class={isOriginal && view.scale >= PIXELATED ? 'pixelated' : ''}
            // its real size, not a scaled one, so that the browser keeps no larger picture than it shows
            style={{
              width: size.width * view.scale,
              height: size.height * view.scale,
              transform: `translate(${view.x}px, ${view.y}px)`,
            }}
          />
        )}
        {!size && <Waiting />}
      </div>
      <Tools>
        <Button variant="ghost" square icon={zoomOutIcon} onClick={() => zoomAt(1 / STEP)}>
          {assetText.viewer.zoomOut}
        </Button>
        <span class="zoom" role="status">
          {isOriginal && `${Math.round(view.scale * 100)} %`}
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
        {size && isOriginal && (
          <span class="fact size">
            {size.width} × {size.height}
          </span>
        )}
      </Tools>
    </>
  )
}
