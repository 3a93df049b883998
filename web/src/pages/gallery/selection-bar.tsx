import eye from 'lucide-static/icons/eye.svg'
import tag from 'lucide-static/icons/tag.svg'
import trash from 'lucide-static/icons/trash-2.svg'
import close from 'lucide-static/icons/x.svg'
import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { queries } from '../../api/query.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { TextField } from '../../design/field.tsx'
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

interface Props {
  items: Item[]
  onClear: () => void
  /** The open dialog. */
  asked: Asked | null
  onAsk: (asked: Asked | null) => void
  /** @param done the changed assets by id; null: deleted */
  onDone: (done: ReadonlyMap<string, Asset | null>) => void
}

export type Asked = 'tag' | 'visibility' | 'delete'

/** What can be done with the chosen assets. */
export function SelectionBar({ items, asked, onAsk: ask, onClear, onDone }: Props) {
  const [count, setCount] = useState<number | null>(null)
  const [outcome, setOutcome] = useState<Outcome | null>(null)

  const run = async (change: Change) => {
    setCount(0)
    setOutcome(null)
    const result = await applyToAll(items, change, setCount)
    setCount(null)
    if (result.done.size > 0) tell(galleryText.selection.done(result.done.size))
    if (result.failed.length > 0) setOutcome(result)
    else ask(null)
    onDone(result.done)
    await queries.invalidateQueries({ queryKey: ['assets'] })
  }
  const close_ = () => {
    if (count !== null) return
    ask(null)
    setOutcome(null)
  }
  const busy = count !== null
  return (
    <>
      <div class="selection" role="toolbar" aria-label={galleryText.selection.title}>
        <Button variant="ghost" square icon={close} onClick={onClear}>
          {galleryText.selection.clear}
        </Button>
        <strong>{galleryText.selection.count(items.length)}</strong>
        <Button icon={tag} onClick={() => ask('tag')}>
          {galleryText.selection.tag}
        </Button>
        <Button icon={eye} onClick={() => ask('visibility')}>
          {galleryText.selection.visibility}
        </Button>
        <Button icon={trash} onClick={() => ask('delete')}>
          {galleryText.selection.delete}
        </Button>
      </div>
      {asked && (
        <Dialog
          title={
            asked === 'delete'
              ? galleryText.selection.deleteTitle(items.length)
              : galleryText.selection[asked]
          }
          onClose={close_}
        >
          {asked === 'tag' && <TagForm busy={busy} onSave={(add, remove) => run(changeTags(add, remove))} />}
          {asked === 'visibility' && (
            <>
              <p class="soft">{galleryText.selection.visibilityHint}</p>
              <div class="actions">
                <Button busy={busy} onClick={() => run(setVisibility('private'))}>
                  {galleryText.selection.makePrivate}
                </Button>
                <Button busy={busy} variant="primary" onClick={() => run(setVisibility('public'))}>
                  {galleryText.selection.makePublic}
                </Button>
              </div>
            </>
          )}
          {asked === 'delete' && (
            <>
              <p class="soft">{galleryText.selection.deleteHint}</p>
              <div class="actions">
                <Button disabled={busy} onClick={close_}>
                  {text.cancel}
                </Button>
                <Button busy={busy} variant="danger" onClick={() => run(removeAsset)}>
                  {galleryText.selection.deleteForever}
                </Button>
              </div>
            </>
          )}
          {count !== null && (
            <progress
              class="bar"
              max={items.length}
              value={count}
              aria-label={galleryText.selection.progress(count, items.length)}
            />
          )}
          {outcome && <Failures outcome={outcome} />}
        </Dialog>
      )}
    </>
  )
}

function Failures({ outcome: { failed } }: { outcome: Outcome }) {
  return (
    <Notice kind="danger">
      <p>{galleryText.selection.failed(failed.length)}</p>
      <ul>
        {failed.slice(0, 5).map(({ item, error }) => (
          <li key={item.id}>
            {item.name}: {error.message}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

const tagsOf = (value: unknown) =>
  String(value)
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean)

function TagForm({ busy, onSave }: { busy: boolean; onSave: (add: string[], remove: string[]) => void }) {
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        const fields = new FormData(event.currentTarget)
        onSave(tagsOf(fields.get('add')), tagsOf(fields.get('remove')))
      }}
    >
      <TextField
        label={galleryText.selection.addTags}
        hint={galleryText.selection.addTagsHint}
        name="add"
        autocomplete="off"
      />
      <TextField label={galleryText.selection.removeTags} name="remove" autocomplete="off" />
      <div class="actions">
        <Button type="submit" variant="primary" busy={busy}>
          {galleryText.selection.save}
        </Button>
      </div>
    </form>
  )
}
