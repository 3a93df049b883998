import alert from 'lucide-static/icons/circle-alert.svg'
import check from 'lucide-static/icons/circle-check.svg'
import fileIcon from 'lucide-static/icons/file.svg'
import folder from 'lucide-static/icons/folder-open.svg'
import pause from 'lucide-static/icons/pause.svg'
import pencil from 'lucide-static/icons/pencil.svg'
import play from 'lucide-static/icons/play.svg'
import retry from 'lucide-static/icons/rotate-cw.svg'
import close from 'lucide-static/icons/x.svg'
import { useEffect, useState } from 'preact/hooks'
import { at } from '../base.ts'
import { Button } from '../design/button.tsx'
import { Icon, type Shapes } from '../design/icon.tsx'
import { formatBytes } from '../lib/format.ts'
import { uploadText } from '../upload-text.ts'
import { FieldsOfOne } from './fields.tsx'
import type { UploadItem } from './item.ts'
import type { UploadQueue } from './queue.ts'
import { type Action, actionsOf, hasFailed } from './state.ts'

interface Props {
  item: UploadItem
  queue: UploadQueue
  /** Called when the row disappears under the focus. */
  onGone: () => void
}

const ICONS: Partial<Record<Action, Shapes>> = { pause, resume: play, retry, cancel: close }

/** One upload. */
export function UploadRow({ item, queue, onGone }: Props) {
  const [isOpen, setOpen] = useState(false)
  const { id, name, state, assetId } = item
  const isDone = state === 'done'
  const act = (action: Action) => {
    void queue.act(id, action)
    if (action === 'cancel' || action === 'skip') onGone()
  }
  return (
    <li class={`upload ${hasFailed(state) ? 'failed' : state}`}>
      <Icon shapes={isDone ? check : hasFailed(state) ? alert : item.isFolder ? folder : fileIcon} />
      <div class="about">
        {assetId ? (
          <a class="title" href={at(`/a/${assetId}`)}>
            {item.fields.name || name}
          </a>
        ) : (
          <span class="title">{item.fields.name || name}</span>
        )}
        <Status item={item} />
        <progress
          class="bar"
          aria-label={name}
          max={Math.max(1, item.size)}
          value={isDone ? Math.max(1, item.size) : item.loaded}
        />
      </div>
      <div class="buttons">
        {state !== 'duplicate' && (
          <Button
            variant="ghost"
            square
            icon={pencil}
            aria-expanded={isOpen}
            title={uploadText.details}
            onClick={() => setOpen(!isOpen)}
          >
            {uploadText.detailsOf(name)}
          </Button>
        )}
        {actionsOf(state).map((action) => {
          const icon = ICONS[action]
          return (
            <Button
              key={action}
              {...(icon ? { icon, square: true, variant: 'ghost' as const } : {})}
              onClick={() => act(action)}
            >
              {uploadText.actions[action]}
            </Button>
          )
        })}
      </div>
      {isOpen && <FieldsOfOne item={item} queue={queue} />}
    </li>
  )
}

function Status({ item }: { item: UploadItem }) {
  const { state, error, size, duplicate, retryAt } = item
  const { states } = uploadText
  if (state === 'duplicate' && duplicate)
    return (
      <p class="meta">
        {uploadText.duplicate} <a href={at(`/a/${duplicate.id}`)}>{duplicate.name}</a>
      </p>
    )
  if (state === 'delayed' && error && retryAt !== null) return <Countdown error={error} retryAt={retryAt} />
  if (error) return <p class="meta fault">{error}</p>
  if (state === 'running') return <p class="meta">{progressOf(item)}</p>
  if (state === 'waiting' || state === 'done')
    return <p class="meta">{`${states[state]} · ${formatBytes(size)}`}</p>
  return <p class="meta">{states[state as keyof typeof states]}</p>
}

function progressOf({ assetId, checked, loaded, size }: UploadItem): string {
  const { states, checking, progress } = uploadText
  if (assetId || (loaded >= size && size > 0)) return states.finishing
  if (loaded > 0) return progress(formatBytes(loaded), formatBytes(size))
  const isChecking = checked > 0 && checked < size
  return isChecking ? checking(formatBytes(checked), formatBytes(size)) : states.starting
}

function Countdown({ error, retryAt }: { error: string; retryAt: number }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000))
  return (
    <p class="meta fault">
      {navigator.onLine ? uploadText.again(error, seconds) : uploadText.againOnline(error)}
    </p>
  )
}
