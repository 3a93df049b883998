import { useMutation } from '@tanstack/preact-query'
import { useState } from 'preact/hooks'
import { api, ask } from '../../../api/client.ts'
import { ApiError } from '../../../api/errors.ts'
import { Button } from '../../../design/button.tsx'
import { Dialog } from '../../../design/dialog.tsx'
import { Select, TextField } from '../../../design/field.tsx'
import { Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { endOfDay, inDays, toDay } from '../../../lib/days.ts'
import { formatDay, formatMoment } from '../../../lib/format.ts'
import { shareText } from '../../../share-text.ts'
import type { DialogProps } from '../actions.tsx'
import { afterChange } from './after-change.ts'

type Mode = 'governance' | 'compliance'
type Change = { mode: Mode; until: string } | { legalHold: boolean }

/** Days that a new lock lasts, if the user does not say otherwise. */
const DEFAULT_DAYS = 30

/** Locks an asset, extends its lock, and sets or releases a legal hold. */
export function LockDialog({ asset, onClose }: DialogProps) {
  const lock = asset.lock
  const [mode, setMode] = useState<Mode>(lock?.mode ?? 'governance')
  const [day, setDay] = useState(toDay(lock?.until ? new Date(lock.until) : inDays(DEFAULT_DAYS)))
  const { mutate, isPending, error } = useMutation({
    mutationFn(change: Change) {
      const params = { path: { assetId: asset.id } }
      if ('legalHold' in change && !change.legalHold)
        return ask(api.DELETE('/api/assets/{assetId}/lock', { params }))
      const body = 'legalHold' in change ? { legalHold: true as const } : change
      return ask(api.PUT('/api/assets/{assetId}/lock', { params, body }))
    },
    async onSuccess(_, change) {
      await afterChange(asset)
      if ('mode' in change) tell(shareText.lock.locked)
      else tell(change.legalHold ? shareText.lock.holdSet : shareText.lock.holdReleased)
      onClose()
    },
  })
  const modes = (['governance', 'compliance'] as const).filter(
    (one) => one === 'compliance' || lock?.mode !== 'compliance',
  )
  return (
    <Dialog title={shareText.lock.title} onClose={onClose}>
      {lock?.mode && lock.until ? (
        <Notice>
          <strong>{shareText.lock.now(shareText.lock.modes[lock.mode], formatMoment(lock.until))}</strong>
          <p>{shareText.lock.modeHints[lock.mode]}</p>
        </Notice>
      ) : (
        <p class="soft">{shareText.lock.hint}</p>
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          mutate({ mode, until: endOfDay(day).toISOString() })
        }}
      >
        <Select
          label={shareText.lock.mode}
          hint={shareText.lock.modeHints[mode]}
          value={mode}
          options={modes.map((one) => [one, shareText.lock.modes[one]])}
          onChange={({ currentTarget }) => setMode(currentTarget.value as Mode)}
        />
        <TextField
          label={shareText.lock.until}
          hint={shareText.lock.untilHint}
          fault={error instanceof ApiError ? error.faultOf('until') : undefined}
          type="date"
          required
          min={toDay(lock?.until ? new Date(lock.until) : new Date())}
          value={day}
          onInput={({ currentTarget }) => setDay(currentTarget.value)}
        />
        {mode === 'compliance' && day && (
          <Notice kind="danger">{shareText.lock.warning(formatDay(endOfDay(day).toISOString()))}</Notice>
        )}
        {error && <Notice kind="danger">{error.message}</Notice>}
        <div class="actions">
          <Button
            type="submit"
            variant={mode === 'compliance' ? 'danger' : 'primary'}
            busy={isPending}
            disabled={!day}
          >
            {lock?.mode ? shareText.lock.extend : shareText.lock.lock}
          </Button>
        </div>
      </form>
      <section class="part">
        <h3>{shareText.lock.hold}</h3>
        <p class="soft">{shareText.lock.holdHint}</p>
        <Button disabled={isPending} onClick={() => mutate({ legalHold: !lock?.legalHold })}>
          {lock?.legalHold ? shareText.lock.releaseHold : shareText.lock.setHold}
        </Button>
      </section>
    </Dialog>
  )
}
