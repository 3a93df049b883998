import { useEffect, useRef, useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { queries } from '../../api/query.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { galleryText } from '../../gallery-text.ts'
import { text } from '../../text.ts'
import {
  applyToAll,
  type Change,
  changeTags,
  type Outcome,
  removeAsset,
  setVisibility,
} from './apply-to-all.ts'
import type { Item } from './use-assets.ts'

const words = galleryText.selection

export type Asked = 'tag' | 'visibility' | 'delete'

export interface BulkProps {
  /** What is asked for. */
  asked: Asked
  items: readonly Item[]
  /** @param done the changed assets by id; null: deleted */
  onDone: (done: ReadonlyMap<string, Asset | null>) => void
  onClose: () => void
}

interface Run {
  change: Change
  /** Number of assets to change, and of those that were tried. */
  count: number
  tried: number
  end: AbortController
}

/** Asks what to change, changes the assets one by one, and says which ones could not be changed. */
export function BulkDialog({ asked, items, onDone, onClose }: BulkProps) {
  const [run, setRun] = useState<Run | null>(null)
  const [ended, setEnded] = useState<(Outcome & Pick<Run, 'change'>) | null>(null)
  // the assets of the question: deleted ones leave the selection
  const [count] = useState(items.length)

  const start = async (change: Change, chosen: readonly Item[]) => {
    const end = new AbortController()
    setEnded(null)
    setRun({ change, count: chosen.length, tried: 0, end })
    const onProgress = (tried: number) => setRun((before) => before && { ...before, tried })
    const outcome = await applyToAll(chosen, change, onProgress, end)
    const { done, failed, left } = outcome
    setRun(null)
    if (done.size > 0) tell(asked === 'delete' ? words.deleted(done.size) : words.changed(done.size))
    if (failed.length + left.length > 0) setEnded({ ...outcome, change })
    else onClose()
    onDone(done)
    await queries.invalidateQueries({ queryKey: ['assets'] })
  }
  const stop = () => {
    run?.end.abort()
    setRun((before) => before && { ...before })
  }
  return (
    <Dialog title={words.titles[asked](count)} onClose={run ? stop : onClose}>
      {run ? (
        <Progress run={run} onStop={stop} />
      ) : ended ? (
        <Ended {...ended} onClose={onClose} onAgain={(rest) => start(ended.change, rest)} />
      ) : (
        <Question asked={asked} items={items} onStart={(change) => start(change, items)} onClose={onClose} />
      )}
    </Dialog>
  )
}

/** Which assets the service will not change. A locked one can still be shared. */
const IS_REFUSED: Record<Asked, (item: Item) => boolean> = {
  tag: ({ locked, access }) => locked || access === 'read',
  visibility: ({ access }) => access !== 'owner',
  delete: ({ locked, access }) => locked || access !== 'owner',
}

interface QuestionProps extends Pick<BulkProps, 'asked' | 'items' | 'onClose'> {
  onStart: (change: Change) => void
}

function Question({ asked, items, onStart, onClose }: QuestionProps) {
  const refused = items.filter(IS_REFUSED[asked]).length
  const hint = refused > 0 && <p class="soft">{words.cannotChange(refused)}</p>
  if (asked === 'tag')
    return (
      <Form
        onFields={(fields) => onStart(changeTags(tagsOf(fields.get('add')), tagsOf(fields.get('remove'))))}
      >
        {hint}
        <TextField label={words.addTags} hint={words.addTagsHint} name="add" autocomplete="off" />
        <TextField label={words.removeTags} name="remove" autocomplete="off" />
        <div class="actions">
          <Button type="submit" variant="primary">
            {words.save}
          </Button>
        </div>
      </Form>
    )
  if (asked === 'visibility')
    return (
      <>
        <p class="soft">{words.visibilityHint}</p>
        {hint}
        <div class="actions">
          <Button onClick={() => onStart(setVisibility('private'))}>{words.makePrivate}</Button>
          <Button variant="primary" onClick={() => onStart(setVisibility('public'))}>
            {words.makePublic}
          </Button>
        </div>
      </>
    )
  return (
    <>
      <p class="soft">{words.deleteHint}</p>
      {hint}
      <div class="actions">
        <Button onClick={onClose}>{text.cancel}</Button>
        <Button variant="danger" onClick={() => onStart(removeAsset)}>
          {words.deleteForever}
        </Button>
      </div>
    </>
  )
}

const tagsOf = (value: unknown) =>
  String(value)
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean)

/** Returns a place whose last button gets the focus, because the button that had it is gone. */
function useFocusedPlace() {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => [...(place.current?.querySelectorAll('button') ?? [])].at(-1)?.focus(), [])
  return place
}

function Progress({ run: { count, tried, end }, onStop }: { run: Run; onStop: () => void }) {
  const place = useFocusedPlace()
  const isStopping = end.signal.aborted
  return (
    <>
      <p class="soft">{words.running(tried, count)}</p>
      <progress class="bar" max={count} value={tried} aria-label={words.title} />
      <div class="actions" ref={place}>
        <Button busy={isStopping} onClick={onStop}>
          {isStopping ? words.stopping : words.stop}
        </Button>
      </div>
    </>
  )
}

interface EndedProps extends Outcome {
  onClose: () => void
  onAgain: (rest: Item[]) => void
}

/** Says which assets were not changed, each with its reason. */
function Ended({ failed, left, onClose, onAgain }: EndedProps) {
  const place = useFocusedPlace()
  const rest = [...failed.map(({ item }) => item), ...left]
  return (
    <>
      {failed.length > 0 && (
        <>
          <Notice kind="danger">{words.failed(failed.length)}</Notice>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls by keys */}
          <ul class="unchanged" aria-label={words.failed(failed.length)} tabIndex={0}>
            {failed.map(({ item, error }) => (
              <li key={item.id}>
                <strong dir="auto">{item.name}</strong>
                <p class="soft">{error.message}</p>
              </li>
            ))}
          </ul>
        </>
      )}
      {left.length > 0 && <p role="status">{words.left(left.length)}</p>}
      <div class="actions" ref={place}>
        <Button onClick={() => onAgain(rest)}>{words.again(rest.length)}</Button>
        <Button variant="primary" onClick={onClose}>
          {text.close}
        </Button>
      </div>
    </>
  )
}
