import { useMutation } from '@tanstack/preact-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { readAsset } from '../../../api/assets.ts'
import { api, ask } from '../../../api/client.ts'
import { ApiError } from '../../../api/errors.ts'
import { Button } from '../../../design/button.tsx'
import { Dialog } from '../../../design/dialog.tsx'
import { Select, TextArea, TextField } from '../../../design/field.tsx'
import { Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { shareText } from '../../../share-text.ts'
import { text } from '../../../text.ts'
import type { DialogProps } from '../actions.tsx'
import { afterChange } from './after-change.ts'
import { addTags, changeOf, type Draft, differences, draftOf, type Field, merge } from './edit-draft.ts'
import { LockedNotice } from './locked-notice.tsx'
import { TagsField } from './tags-field.tsx'

interface Unsaved {
  before: Draft
  draft: Draft
  etag: string
}

/** What was typed and not saved when the dialog disappeared with its page, by the id of the asset. */
const kept = new Map<string, Unsaved>()

const TYPES = Object.entries(shareText.edit.types)
const MEDIA = Object.entries(shareText.edit.kinds)
const VISIBILITIES = Object.entries(shareText.edit.visibilities)

const isChanged = ({ before, draft }: Unsaved) => differences(before, draft).length > 0

/** Changes the fields of an asset. If somebody else changed it meanwhile, shows what, and loses nothing. */
export function EditDialog({ asset, etag: firstEtag, onClose }: DialogProps) {
  const found = kept.get(asset.id)
  const [{ before, draft, etag }, setState] = useState(
    () => found ?? { before: draftOf(asset), draft: draftOf(asset), etag: firstEtag },
  )
  const [typed, setTyped] = useState('')
  const [conflict, setConflict] = useState<{ fields: Field[]; now: Draft } | null>(null)
  const [isAsking, setAsking] = useState(false)
  const set = (change: Partial<Draft>) =>
    setState((state) => ({ ...state, draft: { ...state.draft, ...change } }))
  const complete = { ...draft, tags: addTags(draft.tags, typed) }
  const latest = useRef(complete)
  latest.current = complete
  const unsaved = { before, draft: complete, etag }
  const isDirty = isChanged(unsaved)
  useUnsaved(asset.id, isDirty ? unsaved : null)

  const { mutate, isPending, error } = useMutation({
    // what was typed is a parameter, because `useMutation` takes the functions of a rendering only after the paint
    async mutationFn(sent: Unsaved) {
      const body = changeOf(sent.before, sent.draft)
      const params = { path: { assetId: asset.id }, header: { 'If-Match': sent.etag } }
      if (isChanged(sent)) await ask(api.PATCH('/api/assets/{assetId}', { params, body }))
    },
    async onSuccess(_, sent) {
      kept.delete(asset.id)
      setState((state) => ({ ...state, before: sent.draft, draft: sent.draft }))
      setTyped('')
      await afterChange(asset)
      if (isChanged(sent)) tell(shareText.edit.saved)
      onClose()
    },
    async onError(thrown, sent) {
      if (!(thrown instanceof ApiError) || thrown.code !== 'version_conflict') return
      const fresh = await readAsset(asset.id)
      const now = draftOf(fresh.asset)
      // with what was typed while the requests ran
      const merged = merge(sent.before, latest.current, now)
      setTyped('')
      setState({ before: now, draft: merged.draft, etag: fresh.etag })
      setConflict({ fields: merged.conflicts, now })
    },
  })
  const faultOf = (field: Field) => (error instanceof ApiError ? error.faultOf(field) : undefined)
  const isConflict = error instanceof ApiError && error.code === 'version_conflict'
  const isToldBeside = (['name', 'description', 'tags', 'license', 'source'] as const).some(faultOf)
  const isLocked = asset.lock !== null
  const close = () => (isDirty ? setAsking(true) : onClose())
  return (
    <Dialog title={shareText.edit.title} onClose={close}>
      {isAsking && (
        <Discard
          onKeep={() => setAsking(false)}
          onDiscard={() => {
            setState({ before, draft: before, etag })
            setTyped('')
            kept.delete(asset.id)
            onClose()
          }}
        />
      )}
      <form
        class="stack"
        hidden={isAsking}
        onSubmit={(event) => {
          event.preventDefault()
          mutate(unsaved)
        }}
      >
        <LockedNotice asset={asset} />
        {found && !conflict && <Notice>{shareText.unsaved.restored}</Notice>}
        {conflict && <Conflict {...conflict} onUse={(field) => set({ [field]: conflict.now[field] })} />}
        {error && !isConflict && !isToldBeside && <Notice kind="danger">{error.message}</Notice>}
        <TextField
          label={shareText.edit.name}
          fault={faultOf('name')}
          value={draft.name}
          required
          maxLength={200}
          disabled={isLocked}
          onInput={({ currentTarget }) => set({ name: currentTarget.value })}
        />
        <TextArea
          label={shareText.edit.description}
          fault={faultOf('description')}
          value={draft.description}
          maxLength={5000}
          disabled={isLocked}
          onInput={({ currentTarget }) => set({ description: currentTarget.value })}
        />
        <TagsField
          tags={draft.tags}
          typed={typed}
          fault={faultOf('tags')}
          disabled={isLocked}
          onChange={(tags, rest) => {
            set({ tags })
            setTyped(rest)
          }}
        />
        <div class="two">
          <Select
            label={shareText.edit.type}
            value={draft.type}
            options={TYPES}
            disabled={isLocked}
            onChange={({ currentTarget }) => set({ type: currentTarget.value as Draft['type'] })}
          />
          <Select
            label={shareText.edit.media}
            value={draft.media}
            options={MEDIA}
            disabled={isLocked}
            onChange={({ currentTarget }) => set({ media: currentTarget.value as Draft['media'] })}
          />
        </div>
        <TextField
          label={shareText.edit.license}
          hint={shareText.edit.licenseHint}
          fault={faultOf('license')}
          value={draft.license}
          maxLength={100}
          disabled={isLocked}
          onInput={({ currentTarget }) => set({ license: currentTarget.value })}
        />
        <TextField
          label={shareText.edit.source}
          hint={shareText.edit.sourceHint}
          fault={faultOf('source')}
          type="url"
          value={draft.source}
          maxLength={2048}
          disabled={isLocked}
          onInput={({ currentTarget }) => set({ source: currentTarget.value })}
        />
        <Select
          label={shareText.edit.visibility}
          hint={
            asset.access === 'owner'
              ? shareText.edit.visibilityHints[draft.visibility]
              : shareText.edit.ofOwner
          }
          value={draft.visibility}
          options={VISIBILITIES}
          disabled={asset.access !== 'owner'}
          onChange={({ currentTarget }) => set({ visibility: currentTarget.value as Draft['visibility'] })}
        />
        <div class="actions">
          <Button onClick={close}>{text.cancel}</Button>
          <Button type="submit" variant="primary" busy={isPending}>
            {text.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Keeps what was typed when the page changes, and asks before the window is closed. @param unsaved null: nothing */
function useUnsaved(assetId: string, unsaved: Unsaved | null): void {
  const latest = useRef(unsaved)
  latest.current = unsaved
  const isDirty = unsaved !== null
  useEffect(() => {
    if (!isDirty) return
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', onUnload)
    return () => removeEventListener('beforeunload', onUnload)
  }, [isDirty])
  useEffect(
    () => () => {
      if (latest.current) kept.set(assetId, latest.current)
      else kept.delete(assetId)
    },
    [assetId],
  )
}

function Discard({ onKeep, onDiscard }: { onKeep: () => void; onDiscard: () => void }) {
  const keep = useRef<HTMLDivElement>(null)
  // together with the question: keys that are pressed at once must reach the button
  useLayoutEffect(() => keep.current?.querySelector('button')?.focus(), [])
  return (
    <div role="alert">
      <h3>{shareText.unsaved.title}</h3>
      <p class="soft">{shareText.unsaved.hint}</p>
      <div class="actions" ref={keep}>
        <Button onClick={onKeep}>{shareText.unsaved.keep}</Button>
        <Button variant="danger" onClick={onDiscard}>
          {shareText.unsaved.discard}
        </Button>
      </div>
    </div>
  )
}

interface ConflictProps {
  fields: Field[]
  now: Draft
  onUse: (field: Field) => void
}

/** Says what somebody else changed. Each value can take the place of what was typed. */
function Conflict({ fields, now, onUse }: ConflictProps) {
  const shown = (field: Field) => {
    const value = now[field]
    return (typeof value === 'string' ? value : value.join(', ')) || shareText.edit.nothing
  }
  return (
    <Notice kind="danger">
      <p>{shareText.edit.conflict}</p>
      {fields.length > 0 && (
        <ul class="conflicts">
          {fields.map((field) => (
            <li key={field}>
              <span>
                {shareText.edit[field]}: <strong>{shown(field)}</strong>
              </span>
              <Button onClick={() => onUse(field)}>{shareText.edit.use}</Button>
            </li>
          ))}
        </ul>
      )}
      <p>{shareText.edit.conflictHint}</p>
    </Notice>
  )
}
