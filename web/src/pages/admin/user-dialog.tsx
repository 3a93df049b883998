import { useMutation } from '@tanstack/preact-query'
import { useState } from 'preact/hooks'
import { adminText } from '../../admin-text.ts'
import { api, ask } from '../../api/client.ts'
import { queries } from '../../api/query.ts'
import { useSession } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { formatBytes } from '../../lib/format.ts'
import { text } from '../../text.ts'
import type { User } from './users.tsx'

/** Changes of the rights of a user. Each is asked before it is done. */
const CHANGES = {
  makeAdmin: { access: 'admin' },
  makeUser: { access: 'user' },
  disable: { disabled: true },
  enable: { disabled: false },
} as const
type Change = keyof typeof CHANGES | 'remove'

const GIGABYTE = 1e9

type Rights = { access?: 'user' | 'admin'; disabled?: boolean; space?: Space }
type Space = { limit: number | null; fileLimit: number | null }

const administer = (userId: string, body: Rights) =>
  ask(api.PATCH('/api/users/{userId}', { params: { path: { userId } }, body }))

const refresh = () => queries.invalidateQueries({ queryKey: ['users'] })

/** What an admin can change about a user. */
export function UserDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { account } = useSession()
  const [asked, setAsked] = useState<Change | null>(null)
  const isSelf = user.id === account?.id
  const changes: Change[] = [
    user.access === 'admin' ? 'makeUser' : 'makeAdmin',
    ...(isSelf ? [] : ([user.disabled ? 'enable' : 'disable', 'remove'] as const)),
  ]
  if (asked)
    return (
      <Confirmation
        user={user}
        change={asked}
        onBack={() => setAsked(null)}
        onDone={() => setAsked(null)}
        onGone={onClose}
      />
    )
  return (
    <Dialog title={user.username} onClose={onClose}>
      <SpaceForm user={user} />
      <h3>{adminText.rights}</h3>
      <div class="row">
        {changes.map((change) => (
          <Button key={change} onClick={() => setAsked(change)}>
            {adminText[change]}
          </Button>
        ))}
      </div>
    </Dialog>
  )
}

interface ConfirmationProps {
  user: User
  change: Change
  onBack: () => void
  onDone: () => void
  onGone: () => void
}

/** Says what a change does before it is made. */
function Confirmation({ user, change, onBack, onDone, onGone }: ConfirmationProps) {
  const { id, username } = user
  const { mutate, isPending, error } = useMutation({
    mutationFn: (): Promise<unknown> =>
      change === 'remove'
        ? ask(api.DELETE('/api/users/{userId}', { params: { path: { userId: id } } }))
        : administer(id, CHANGES[change]),
    async onSuccess() {
      await refresh()
      tell(change === 'remove' ? adminText.removed(username) : adminText.changed(username))
      if (change === 'remove') onGone()
      else onDone()
    },
  })
  const isHard = change === 'remove' || change === 'disable'
  return (
    <Dialog title={`${adminText[change]}: ${username}`} onClose={() => !isPending && onBack()}>
      {error && <Notice kind="danger">{error.message}</Notice>}
      <p>{adminText.confirm[change]}</p>
      <div class="actions">
        <Button disabled={isPending} onClick={onBack}>
          {text.cancel}
        </Button>
        <Button variant={isHard ? 'danger' : 'primary'} busy={isPending} onClick={() => mutate()}>
          {adminText[change]}
        </Button>
      </div>
    </Dialog>
  )
}

/** Returns the whole number of a field, times a unit; undefined if it is none. */
function numberOf(value: FormDataEntryValue | null, unit = 1): number | undefined {
  const number = Math.round(Number(String(value ?? '').trim() || Number.NaN) * unit)
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function SpaceForm({ user }: { user: User }) {
  const { used, limit, files, fileLimit } = user.space
  const [faults, setFaults] = useState({ limit: false, fileLimit: false })
  const { mutate, isPending, error } = useMutation({
    mutationFn: ({ space }: { space: Space; form: HTMLFormElement | null }) => administer(user.id, { space }),
    async onSuccess(_, { form }) {
      await refresh()
      // shows the new limits, such as the defaults of the server
      form?.reset()
      tell(adminText.limitsSaved(user.username))
    },
  })
  return (
    <Form
      onFields={(fields, form) => {
        const [newLimit, newFileLimit] = [
          numberOf(fields.get('limit'), GIGABYTE),
          numberOf(fields.get('files')),
        ]
        setFaults({ limit: newLimit === undefined, fileLimit: newFileLimit === undefined })
        if (newLimit !== undefined && newFileLimit !== undefined)
          mutate({ space: { limit: newLimit, fileLimit: newFileLimit }, form })
      }}
    >
      {error && <Notice kind="danger">{error.message}</Notice>}
      <div class="pair">
        <TextField
          label={adminText.limit}
          hint={adminText.limitHint(formatBytes(used))}
          fault={faults.limit ? adminText.invalid : undefined}
          name="limit"
          inputMode="decimal"
          defaultValue={String(limit / GIGABYTE)}
        />
        <TextField
          label={adminText.fileLimit}
          hint={adminText.limitHint(text.gallery.files(files))}
          fault={faults.fileLimit ? adminText.invalid : undefined}
          name="files"
          inputMode="numeric"
          defaultValue={String(fileLimit)}
        />
      </div>
      <div class="row">
        <Button type="submit" variant="primary" busy={isPending}>
          {adminText.saveLimits}
        </Button>
        <Button
          disabled={isPending}
          onClick={({ currentTarget: { form } }) => mutate({ space: { limit: null, fileLimit: null }, form })}
        >
          {adminText.defaults}
        </Button>
      </div>
    </Form>
  )
}
