import box from 'lucide-static/icons/box.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { ErrorState, State } from '../../design/states.tsx'
import { formatBytes } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { extensionOf, type ModelFormat, modelFormatOf } from '../kinds.ts'
import { Unshown } from '../unshown.tsx'
import type { FileProps } from '../viewer.tsx'
import { ModelTools } from './model-tools.tsx'
import { ModelStage } from './stage.ts'
import { type Model, type Progress, useModel } from './use-model.ts'

/** Models up to this size are loaded without a question, in bytes. The page does not react while it reads XML. */
const ASK_BYTES = 50_000_000
const ASK_XML_BYTES: Partial<Record<ModelFormat, number>> = { dae: 20_000_000, '3mf': 5_000_000 }
/** Larger models are not shown, in bytes. */
const MAX_BYTES = 500_000_000

/** A 3D model: it is loaded, read and shown. */
export default function ModelViewer(props: FileProps) {
  const { file, files, preview = null, onDownload } = props
  const format = modelFormatOf(file) ?? 'glb'
  const isGltf = format === 'gltf'
  const bytes = files
    .filter((one) => one.id === file.id || (isGltf && extensionOf(one.name) === 'bin'))
    .reduce((sum, { size }) => sum + size, 0)
  const { model, progress, error, start, cancel } = useModel(
    props,
    bytes <= (ASK_XML_BYTES[format] ?? ASK_BYTES),
  )
  if (bytes > MAX_BYTES)
    return (
      <Unshown
        file={file}
        onDownload={onDownload}
        icon={box}
        title={assetText.viewer.modelTooLarge}
        reason={assetText.viewer.modelTooLargeHint(formatBytes(bytes))}
      />
    )
  if (error) return <Unshown file={file} onDownload={onDownload} reason={error.message} onRetry={start} />
  if (!model)
    return <Loading progress={progress} bytes={bytes} preview={preview} onStart={start} onCancel={cancel} />
  return <Shown {...props} model={model} onLost={start} />
}

interface LoadingProps {
  progress: Progress
  bytes: number
  preview: string | null
  onStart: () => void
  onCancel: () => void
}

/** What is seen before the model: its preview, if it has one, and how far it is. */
function Loading({ progress, bytes, preview, onStart, onCancel }: LoadingProps) {
  const isAsked = progress.step === 'asked'
  const title = isAsked
    ? assetText.viewer.modelLarge(formatBytes(bytes))
    : progress.step === 'loading'
      ? assetText.viewer.modelLoading
      : assetText.viewer.modelReading
  return (
    <div class="model-waits">
      {preview && <img src={preview} alt="" />}
      <State {...(!preview && { icon: box })} title={title}>
        {isAsked ? (
          <>
            <p>{assetText.viewer.modelLargeHint}</p>
            <Button variant="primary" onClick={onStart}>
              {assetText.viewer.modelLoad}
            </Button>
          </>
        ) : (
          <>
            <progress
              class="bar"
              aria-label={title}
              max={1}
              value={progress.step === 'loading' ? progress.part : undefined}
            />
            <Button onClick={onCancel}>{text.cancel}</Button>
          </>
        )}
      </State>
    </div>
  )
}

function Shown({
  file,
  files,
  onChoose,
  onPoster,
  model,
  onLost,
}: FileProps & { model: Model; onLost: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [stage, setStage] = useState<ModelStage | null>(null)
  const [state, setState] = useState<'shown' | 'lost' | 'none'>('shown')
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    let opened: ModelStage | null = null
    const lose = (event: Event) => {
      event.preventDefault()
      setState('lost')
    }
    try {
      opened = new ModelStage(element, model.parsed)
      setStage(opened)
      element.addEventListener('webglcontextlost', lose)
    } catch {
      setState('none')
    }
    return () => {
      element.removeEventListener('webglcontextlost', lose)
      opened?.close()
    }
  }, [])
  if (state === 'none') return <ErrorState error={new Error(assetText.viewer.noWebGl)} />
  if (state === 'lost') return <ErrorState error={new Error(assetText.viewer.contextLost)} onRetry={onLost} />
  return (
    <>
      <div class="model">
        <canvas
          ref={canvas}
          role="img"
          aria-label={assetText.viewer.modelKeys(file.name)}
          tabIndex={0}
          onKeyDown={(event) => stage && moveBy(stage, event)}
        />
        {stage && <Facts stage={stage} model={model} />}
      </div>
      {stage && (
        <ModelTools
          stage={stage}
          model={model}
          file={file}
          files={files}
          {...(onChoose && { onChoose })}
          {...(onPoster && { onPoster })}
        />
      )}
    </>
  )
}

const TURN = Math.PI / 24
const NEARER = 1.15
const MOVES: Record<string, [turn: number, lift: number, nearer?: number]> = {
  ArrowLeft: [-TURN, 0],
  ArrowRight: [TURN, 0],
  ArrowUp: [0, TURN],
  ArrowDown: [0, -TURN],
  '+': [0, 0, NEARER],
  '=': [0, 0, NEARER],
  '-': [0, 0, 1 / NEARER],
}

function moveBy(stage: ModelStage, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const move = MOVES[event.key]
  if (!move && event.key !== '0') return
  event.preventDefault()
  if (move) stage.move(...move)
  else stage.reset()
}

const NUMBER = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })

function Facts({ stage, model: { parsed, missing, unread } }: { stage: ModelStage; model: Model }) {
  const { triangles, size } = stage.measures
  const lengths = [size.x, size.y, size.z].map((length) => NUMBER.format(length)).join(' × ')
  return (
    <div class="facts">
      <p>{assetText.viewer.triangles(triangles)}</p>
      <p>
        {lengths} {parsed.unit}
      </p>
      {missing.length > 0 && <p>{assetText.viewer.missing(missing)}</p>}
      {unread.length > 0 && <p>{assetText.viewer.unread(unread)}</p>}
    </div>
  )
}
