import { useMutation } from '@tanstack/preact-query'
import { accountText } from '../../account-text.ts'
import { api, ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import { queries } from '../../api/query.ts'
import { Button } from '../../design/button.tsx'
import { PasswordField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'

interface Sent {
  fields: FormData
  form: HTMLFormElement
}

/** Changes the password. The service then ends all other sessions. */
export function PasswordForm({ username }: { username: string }) {
  const { mutate, isPending, error } = useMutation({
    mutationFn: ({ fields }: Sent) =>
      ask(
        api.PUT('/api/auth/password', {
          body: { current: String(fields.get('current')), password: String(fields.get('password')) },
        }),
      ),
    onSuccess(_, { form }) {
      form.reset()
      tell(accountText.password.changed)
    },
    // a wrong password is in the activity too
    onSettled: () =>
      Promise.all(['sessions', 'activity'].map((name) => queries.invalidateQueries({ queryKey: [name] }))),
  })
  const isWrong = error instanceof ApiError && error.code === 'bad_credentials'
  const fault = error instanceof ApiError ? error.faultOf('password') : undefined
  return (
    <Form onFields={(fields, form) => mutate({ fields, form })}>
      {error && !isWrong && !fault && <Notice kind="danger">{error.message}</Notice>}
      {/* password managers look for the name that the password belongs to */}
      <input type="text" name="username" autocomplete="username" value={username} readOnly hidden />
      <PasswordField
        label={accountText.password.current}
        fault={isWrong ? error.message : undefined}
        name="current"
        autocomplete="current-password"
        required
      />
      <PasswordField
        label={accountText.password.next}
        hint={accountText.password.nextHint}
        fault={fault}
        name="password"
        autocomplete="new-password"
        required
      />
      <div class="actions">
        <Button type="submit" busy={isPending}>
          {accountText.password.change}
        </Button>
      </div>
    </Form>
  )
}
