import light from 'lucide-static/icons/contrast.svg'
import mesh from 'lucide-static/icons/grid-3x3.svg'
import camera from 'lucide-static/icons/image-plus.svg'
import pause from 'lucide-static/icons/pause.svg'
import play from 'lucide-static/icons/play.svg'
import reset from 'lucide-static/icons/rotate-ccw.svg'
import slice from 'lucide-static/icons/square-split-horizontal.svg'
import { useEffect, useState } from 'preact/hooks'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { tell } from '../../design/toast.tsx'
import { useStored } from '../../lib/stored.ts'
import { modelFormatOf } from '../kinds.ts'
import { Tools } from '../tools.tsx'
import type { FileProps } from '../viewer.tsx'
import type { Axis } from './section.ts'
import type { ModelStage } from './stage.ts'
import type { Model } from './use-model.ts'

const BACKGROUNDS = ['dark', 'grey', 'light'] as const
const COLORS = { dark: null, grey: '#6e737c', light: '#f3f4f6' }
const AXES: Axis[] = ['x', 'y', 'z']

interface Props extends FileProps {
  stage: ModelStage
  model: Model
}

/** What can be done with a model that is shown. */
export function ModelTools({ stage, model, file, files, onChoose, onPoster }: Props) {
  const [isWire, setWire] = useState(false)
  const [isCut, setCut] = useState(false)
  const [isSaving, setSaving] = useState(false)
  const [background, setBackground] = useStored('background', BACKGROUNDS)
  useEffect(() => {
    stage.background = COLORS[background]
  }, [background])
  const models = files.filter(modelFormatOf)
  const save = async () => {
    setSaving(true)
    try {
      await onPoster?.(await stage.poster())
    } catch (error) {
      tell(toError(error).message)
    }
    setSaving(false)
  }
  const following = BACKGROUNDS[(BACKGROUNDS.indexOf(background) + 1) % BACKGROUNDS.length] ?? 'dark'
  return (
    <>
      {isCut && <SectionTools stage={stage} />}
      <Tools>
        {onChoose && models.length > 1 && (
          <select
            class="input"
            aria-label={assetText.viewer.chooseModel}
            value={file.id}
            onChange={({ currentTarget }) => onChoose(currentTarget.value)}
          >
            {models.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        {model.parsed.animations.length > 0 && <AnimationTools stage={stage} model={model} />}
        <Button variant="ghost" square icon={reset} onClick={() => stage.reset()}>
          {assetText.viewer.reset}
        </Button>
        <Button
          variant="ghost"
          square
          icon={mesh}
          aria-pressed={isWire}
          onClick={() => {
            stage.wireframe = !isWire
            setWire(!isWire)
          }}
        >
          {assetText.viewer.wireframe}
        </Button>
        <Button variant="ghost" square icon={slice} aria-pressed={isCut} onClick={() => setCut(!isCut)}>
          {assetText.viewer.section}
        </Button>
        <Button variant="ghost" square icon={light} onClick={() => setBackground(following)}>
          {assetText.viewer.background}
        </Button>
        {onPoster && (
          <Button variant="ghost" square icon={camera} busy={isSaving} onClick={save}>
            {assetText.viewer.savePoster}
          </Button>
        )}
      </Tools>
    </>
  )
}

function SectionTools({ stage }: { stage: ModelStage }) {
  const [axis, setAxis] = useState<Axis>('x')
  const [percent, setPercent] = useState(50)
  useEffect(() => {
    stage.section.cut(axis, percent / 100)
    stage.draw()
  }, [axis, percent])
  useEffect(
    () => () => {
      stage.section.end()
      stage.draw()
    },
    [],
  )
  return (
    <fieldset class="section-tools">
      <legend class="hidden-text">{assetText.viewer.section}</legend>
      {AXES.map((one) => (
        <Button key={one} variant="ghost" aria-pressed={axis === one} onClick={() => setAxis(one)}>
          {assetText.viewer.axis(one)}
        </Button>
      ))}
      <input
        type="range"
        min={0}
        max={100}
        value={percent}
        aria-label={assetText.viewer.sectionPlace}
        aria-valuetext={`${percent} %`}
        onInput={({ currentTarget }) => setPercent(Number(currentTarget.value))}
      />
    </fieldset>
  )
}

function AnimationTools({ stage, model: { parsed } }: { stage: ModelStage; model: Model }) {
  const [plays, setPlays] = useState(() => !matchMedia('(prefers-reduced-motion: reduce)').matches)
  const [chosen, choose] = useState(0)
  useEffect(() => stage.choose(chosen), [chosen])
  useEffect(() => {
    stage.plays = plays
  }, [plays])
  return (
    <>
      <Button variant="ghost" square icon={plays ? pause : play} onClick={() => setPlays(!plays)}>
        {plays ? assetText.viewer.pause : assetText.viewer.play}
      </Button>
      {parsed.animations.length > 1 && (
        <select
          class="input"
          aria-label={assetText.viewer.animation}
          value={chosen}
          onChange={({ currentTarget }) => choose(Number(currentTarget.value))}
        >
          {parsed.animations.map(({ name, uuid }, index) => (
            <option key={uuid} value={index}>
              {name || assetText.viewer.animationNumber(index + 1)}
            </option>
          ))}
        </select>
      )}
    </>
  )
}
