import { useMutation } from '@tanstack/preact-query'
import { useState } from 'preact/hooks'
import { adminText } from '../../admin-text.ts'
import { api, ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import type { components } from '../../api/schema.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Section } from '../../design/section.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { formatBytes, formatDay } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { AdminPage } from './admin-page.tsx'
import { assetIdIn, linkTokenIn } from './asset-id.ts'

type Inspected = components['schemas']['InspectedAsset']
type Action = 'action' | 'lift'

const words = adminText.takeDown

/** Finds the asset of an id, or of the address of its page or of a link. */
async function inspect(pasted: string): Promise<Inspected> {
  const token = linkTokenIn(pasted)
  const assetId = token ? await idOfLink(token) : assetIdIn(pasted)
  if (!assetId) throw new ApiError('invalid', words.invalid)
  return (await ask(api.GET('/api/admin/assets/{assetId}', { params: { path: { assetId } } }))).asset
}

async function idOfLink(token: string): Promise<string> {
  return (await ask(api.GET('/api/links/{token}', { params: { path: { token } } }))).asset.id
}

export default function Assets() {
  return (
    <AdminPage page="assets">
      <Section title={words.title} hint={words.hint}>
        <TakeDown />
      </Section>
    </AdminPage>
  )
}

function TakeDown() {
  const { mutate, isPending, error, data: asset, reset } = useMutation({ mutationFn: inspect })
  const [asked, setAsked] = useState<Action | null>(null)
  return (
    <div class="stack">
      <Form onFields={(fields) => mutate(String(fields.get('asset')))}>
        <TextField
          label={words.field}
          hint={words.fieldHint}
          fault={error?.message}
          name="asset"
          autocomplete="off"
          spellcheck={false}
          required
        />
        <div class="actions">
          <Button type="submit" busy={isPending}>
            {words.look}
          </Button>
        </div>
      </Form>
      {asset && <Found asset={asset} onAsk={setAsked} />}
      {asset && asked && (
        <Confirmation
          asset={asset}
          action={asked}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null)
            if (asked === 'action') reset()
            else mutate(asset.id)
          }}
        />
      )}
    </div>
  )
}

function lockWords({ lock }: Inspected): string {
  if (!lock) return words.noLock
  const { mode, until, legalHold } = lock
  const parts = [mode && until && words.until(mode, formatDay(until)), legalHold && words.hold]
  return parts.filter(Boolean).join(', ')
}

function Found({ asset, onAsk }: { asset: Inspected; onAsk: (action: Action) => void }) {
  const { owner, size, visibility, createdAt, lock } = asset
  const canLift = lock !== null && (lock.legalHold || lock.mode === 'governance')
  const facts: [string, string][] = [
    [words.owner, owner?.username ?? words.noOwner],
    [words.visibility, text.gallery.values[visibility] ?? visibility],
    [words.size, formatBytes(size)],
    [words.created, formatDay(createdAt)],
    [words.lock, lockWords(asset)],
  ]
  return (
    <div class="found" role="status">
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {visibility === 'private' && <Notice>{words.private}</Notice>}
      <div class="actions">
        {canLift && <Button onClick={() => onAsk('lift')}>{words.lift}</Button>}
        {visibility === 'public' && (
          <Button variant="danger" onClick={() => onAsk('action')}>
            {words.action}
          </Button>
        )}
      </div>
    </div>
  )
}

interface ConfirmationProps {
  asset: Inspected
  action: Action
  onClose: () => void
  onDone: () => void
}

function Confirmation({ asset, action, onClose, onDone }: ConfirmationProps) {
  const params = { path: { assetId: asset.id } }
  const isTakeDown = action === 'action'
  const { mutate, isPending, error } = useMutation({
    mutationFn: (): Promise<unknown> =>
      ask(
        isTakeDown
          ? api.DELETE('/api/admin/assets/{assetId}', { params })
          : api.DELETE('/api/admin/assets/{assetId}/lock', { params }),
      ),
    onSuccess() {
      tell(isTakeDown ? words.done : words.lifted)
      onDone()
    },
  })
  return (
    <Dialog title={isTakeDown ? words.ask : words.liftAsk} onClose={() => !isPending && onClose()}>
      {error && <Notice kind="danger">{error.message}</Notice>}
      <p>{isTakeDown ? (asset.lock ? words.hides : words.deletes) : words.liftHint}</p>
      <div class="actions">
        <Button disabled={isPending} onClick={onClose}>
          {text.cancel}
        </Button>
        <Button variant={isTakeDown ? 'danger' : 'primary'} busy={isPending} onClick={() => mutate()}>
          {words[action]}
        </Button>
      </div>
    </Dialog>
  )
}
