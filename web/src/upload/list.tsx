import pencil from 'lucide-static/icons/pencil.svg'
import { useRef, useState } from 'preact/hooks'
import { Button } from '../design/button.tsx'
import { formatBytes, formatDuration } from '../lib/format.ts'
import { pageText } from '../page-text.ts'
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

/** The uploads with what can be done with each. */
export function UploadList({ queue, items }: Props) {
  const list = useRef<HTMLUListElement>(null)
  return (
    <ul ref={list} class="uploads" aria-label={pageText.upload.list} tabIndex={-1}>
      {items.map((item) => (
        <UploadRow key={item.id} item={item} queue={queue} onGone={() => list.current?.focus()} />
      ))}
    </ul>
  )
}

/** What can be done with all uploads. */
export function QueueButtons({ queue, items }: Props) {
  const hasWaiting = items.some(({ state }) => state === 'waiting' || state === 'running')
  return (
    <>
      {(hasWaiting || queue.isHeld) && (
        <Button aria-pressed={queue.isHeld} onClick={() => queue.hold(!queue.isHeld)}>
          {queue.isHeld ? pageText.upload.release : pageText.upload.hold}
        </Button>
      )}
      {items.some((item) => hasFailed(item.state) || (item.state === 'running' && item.attempts > 1)) && (
        <Button onClick={() => queue.retryAll()}>{pageText.upload.retryAll}</Button>
      )}
      {items.some(({ state }) => state === 'done') && (
        <Button onClick={() => queue.clearFinished()}>{pageText.upload.clearFinished}</Button>
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
        {pageText.upload.detailsOfAll}
      </Button>
      {isOpen && <FieldsOfAll queue={queue} items={items} onDone={() => setOpen(false)} />}
    </>
  )
}

/** How far the uploads are in all. Screen readers say the number of finished ones, not each percent. */
export function SummaryLine({ summary, count }: { summary: Summary; count: number }) {
  const { done, failed, part, speed, secondsLeft } = summary
  const more = [
    ...(speed > 0 ? [pageText.upload.speed(formatBytes(speed))] : []),
    ...(secondsLeft === null ? [] : [pageText.upload.left(formatDuration(secondsLeft))]),
  ]
  return (
    <div class="upload-summary">
      <p>
        <span role="status">
          {pageText.upload.summary(done, count)}
          {failed > 0 && <span class="fault"> · {pageText.upload.failed(failed)}</span>}
        </span>
        <span class="soft">{more.map((one) => ` · ${one}`).join('')}</span>
      </p>
      <div class="line" aria-hidden="true">
        <div style={{ width: `${Math.round(part * 100)}%` }} />
      </div>
    </div>
  )
}
