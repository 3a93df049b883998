import { useState } from 'preact/hooks'
import { ApiError } from '../../../api/errors.ts'
import type { components } from '../../../api/schema.ts'
import { Button } from '../../../design/button.tsx'
import { Checkbox, PasswordField, TextField } from '../../../design/field.tsx'
import { Notice } from '../../../design/states.tsx'
import { endOfDay, inDays, toDay } from '../../../lib/days.ts'
import { shareText } from '../../../share-text.ts'
import { text } from '../../../text.ts'

export type Link = Omit<components['schemas']['Link'], 'url'>

/** What a new link gets, and what a change of one sets; null clears a field. */
export interface LinkFields {
  expiresAt: string | null
  maxDownloads: number | null
  label: string | null
  /** Left out: as it is. */
  password?: string | null
}

/** Days after which a new link ends, if the user does not say otherwise. */
const DEFAULT_DAYS = 30
const CHOICES = [1, 7, 30, 90, 'never'] as const
type Choice = (typeof CHOICES)[number]

interface Props {
  /** The link to change; null: a new one. */
  link: Link | null
  busy: boolean
  error: Error | null
  onSave: (fields: LinkFields) => void
  onCancel: () => void
}

/** The fields of a link. */
export function LinkForm({ link, busy, error, onSave, onCancel }: Props) {
  // a choice ends the link to the minute; a day that was typed ends with that day
  const [choice, choose] = useState<Choice | 'day'>(link ? (link.expiresAt ? 'day' : 'never') : DEFAULT_DAYS)
  const [day, setDay] = useState(
    link ? (link.expiresAt ? toDay(new Date(link.expiresAt)) : '') : toDay(inDays(DEFAULT_DAYS)),
  )
  const faultOf = (field: string) => (error instanceof ApiError ? error.faultOf(field) : undefined)
  const expiresAt = () => {
    if (typeof choice === 'number') return inDays(choice).toISOString()
    if (choice === 'never' || !day) return null
    if (link?.expiresAt && day === toDay(new Date(link.expiresAt))) return link.expiresAt
    return endOfDay(day).toISOString()
  }
  const isToldBeside = ['expiresAt', 'maxDownloads', 'label', 'password'].some(faultOf)
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        const fields = new FormData(event.currentTarget)
        const of = (name: string) => String(fields.get(name) ?? '').trim()
        const password = String(fields.get('password') ?? '')
        onSave({
          expiresAt: expiresAt(),
          maxDownloads: of('limit') ? Number(of('limit')) : null,
          label: of('label') || null,
          ...(password ? { password } : fields.has('open') ? { password: null } : {}),
        })
      }}
    >
      {error && !isToldBeside && <Notice kind="danger">{error.message}</Notice>}
      <div class="stack-small">
        <TextField
          label={shareText.link.expires}
          hint={day ? undefined : shareText.link.noExpiry}
          fault={faultOf('expiresAt')}
          type="date"
          min={toDay(new Date())}
          value={day}
          onInput={({ currentTarget }) => {
            setDay(currentTarget.value)
            choose(currentTarget.value ? 'day' : 'never')
          }}
        />
        <fieldset class="proposals" aria-label={shareText.link.ends}>
          {CHOICES.map((one) => (
            <button
              key={one}
              type="button"
              class="chip"
              aria-pressed={choice === one}
              onClick={() => {
                choose(one)
                setDay(one === 'never' ? '' : toDay(inDays(one)))
              }}
            >
              {shareText.link.choices[one]}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="two">
        <PasswordField
          label={shareText.link.password}
          hint={link?.hasPassword ? shareText.link.passwordKept : shareText.link.passwordHint}
          fault={faultOf('password')}
          name="password"
          autocomplete="new-password"
        />
        <TextField
          label={shareText.link.limit}
          hint={shareText.link.limitHint}
          fault={faultOf('maxDownloads')}
          name="limit"
          type="number"
          inputMode="numeric"
          min={1}
          step={1}
          defaultValue={link?.maxDownloads ?? ''}
        />
      </div>
      {link?.hasPassword && <Checkbox label={shareText.link.removePassword} name="open" />}
      <TextField
        label={shareText.link.label}
        hint={shareText.link.labelHint}
        fault={faultOf('label')}
        name="label"
        maxLength={100}
        autocomplete="off"
        defaultValue={link?.label ?? ''}
      />
      <div class="actions">
        {link && <Button onClick={onCancel}>{text.cancel}</Button>}
        <Button type="submit" variant="primary" busy={busy}>
          {link ? shareText.link.save : shareText.link.create}
        </Button>
      </div>
    </form>
  )
}
