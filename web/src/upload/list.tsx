import pencil from 'lucide-static/icons/pencil.svg'
import { useRef, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { More, PART, usePart } from '../design/more.tsx'
import { formatBytes, formatDuration } from '../lib/format.ts'
import { uploadText } from '../upload-text.ts'
import { FieldsOfAll } from './fields.tsx'
import type { UploadItem } from './item.ts'
import type { UploadQueue } from './queue.ts'
import { UploadRow } from './row.tsx'
import { hasFailed } from './state.ts'
import type { Summary } from './use-uploads.ts'

interface Props {
  queue: UploadQueue
  items: readonly UploadItem[]
}

/** The uploads with what can be done with each. Of very many those that are not finished come first. */
export function UploadList({ queue, items }: Props) {
  const list = useRef<HTMLUListElement>(null)
  const isDone = ({ state }: UploadItem) => state === 'done'
  const ordered =
    items.length > PART ? [...items.filter((item) => !isDone(item)), ...items.filter(isDone)] : items
  const { part, more } = usePart(ordered)
  return (
    <>
      <ul ref={list} class="uploads" aria-label={uploadText.list} tabIndex={-1}>
        {part.map((item) => (
          <UploadRow key={item.id} item={item} queue={queue} onGone={() => list.current?.focus()} />
        ))}
      </ul>
      <More list={more} />
    </>
  )
}

/** What can be done with all uploads. */
export function QueueButtons({ queue, items }: Props) {
  const hasWaiting = items.some(({ state }) => state === 'waiting' || state === 'running')
  return (
    <>
      {(hasWaiting || queue.isHeld) && (
        <Button aria-pressed={queue.isHeld} onClick={() => queue.hold(!queue.isHeld)}>
          {queue.isHeld ? uploadText.release : uploadText.hold}
        </Button>
      )}
      {items.some((item) => hasFailed(item.state) || (item.state === 'running' && item.attempts > 1)) && (
        <Button onClick={() => queue.retryAll()}>{uploadText.retryAll}</Button>
      )}
      {items.some(({ state }) => state === 'done') && (
        <Button onClick={() => queue.clearFinished()}>{uploadText.clearFinished}</Button>
      )}
    </>
  )
}

/** A button that opens the fields of all uploads. */
export function DetailsOfAll({ queue, items }: Props) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button icon={pencil} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {uploadText.detailsOfAll}
      </Button>
      {isOpen && <FieldsOfAll queue={queue} items={items} onDone={() => setOpen(false)} />}
    </>
  )
}

/** How far the uploads are in all. Screen readers say the number of finished ones, not each percent. */
export function SummaryLine({ summary, count }: { summary: Summary; count: number }) {
  const { done, failed, part, speed, secondsLeft } = summary
  const more = [
    ...(speed > 0 ? [uploadText.speed(formatBytes(speed))] : []),
    ...(secondsLeft === null ? [] : [uploadText.left(formatDuration(secondsLeft))]),
  ]
  return (
    <div class="upload-summary">
      <p>
        <span role="status">
          {uploadText.summary(done, count)}
          {failed > 0 && <span class="fault"> · {uploadText.failed(failed)}</span>}
        </span>
        <span class="soft">{more.map((one) => ` · ${one}`).join('')}</span>
      </p>
      <div class="line" aria-hidden="true">
        <div style={{ width: `${Math.round(part * 100)}%` }} />
      </div>
    </div>
  )
}
