import { useMutation } from '@tanstack/preact-query'
import { accountText } from '../../account-text.ts'
import { api, ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import { queries } from '../../api/query.ts'
import { type Account, session } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Switch, TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { text } from '../../text.ts'

/** Returns the text of a field; null if it is empty, which clears the field of the account. */
const textOf = (fields: FormData, name: string) => String(fields.get(name) ?? '').trim() || null

/**
 * What other users see of the account. Profile photos have no field: they are addresses of other servers, which the pages
 * never contact.
 */
export function ProfileForm({ account }: { account: Account }) {
  const { mutate, isPending, error } = useMutation({
    async mutationFn(fields: FormData) {
      const body = {
        name: textOf(fields, 'name'),
        email: textOf(fields, 'email'),
        discoverable: fields.has('discoverable'),
      }
      return ask(api.PATCH('/api/users/me', { body }))
    },
    onSuccess({ user }) {
      session.update(user)
      queries.setQueryData(['account'], user)
      tell(accountText.profile.saved)
    },
  })
  const faultOf = (field: string) => (error instanceof ApiError ? error.faultOf(field) : undefined)
  return (
    <Form onFields={(fields) => mutate(fields)}>
      {error && !faultOf('name') && !faultOf('email') && <Notice kind="danger">{error.message}</Notice>}
      <TextField
        label={accountText.profile.username}
        hint={accountText.profile.usernameHint}
        value={account.username}
        readOnly
      />
      <TextField
        label={accountText.profile.name}
        fault={faultOf('name')}
        name="name"
        autocomplete="name"
        maxLength={100}
        defaultValue={account.name ?? ''}
      />
      <TextField
        label={accountText.profile.email}
        hint={accountText.profile.emailHint}
        fault={faultOf('email')}
        name="email"
        type="email"
        autocomplete="email"
        defaultValue={account.email ?? ''}
      />
      <Switch
        label={accountText.profile.discoverable}
        hint={accountText.profile.discoverableHint}
        name="discoverable"
        defaultChecked={account.discoverable}
      />
      <div class="actions">
        <Button type="submit" variant="primary" busy={isPending}>
          {text.save}
        </Button>
      </div>
    </Form>
  )
}
