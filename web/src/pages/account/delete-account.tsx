import { useMutation } from '@tanstack/preact-query'
import { useState } from 'preact/hooks'
import { accountText } from '../../account-text.ts'
import { api, ask } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import { type Account, session } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { PasswordField, TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Notice } from '../../design/states.tsx'
import { formatBytes } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { leaveUploads } from '../../upload/traces.ts'

/** The button that deletes the account, after the username and the password were typed. */
export function DeleteAccount({ account }: { account: Account }) {
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <p class="foot">
        <span class="soft small">{accountText.deletion.locked}</span>
        <Button onClick={() => setAsking(true)}>{accountText.deletion.open}</Button>
      </p>
      {isAsking && <DeletionDialog account={account} onClose={() => setAsking(false)} />}
    </>
  )
}

function DeletionDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const [isOther, setOther] = useState(false)
  const { mutate, isPending, error } = useMutation({
    mutationFn: (password: string) => ask(api.DELETE('/api/users/me', { body: { password } })),
    async onSuccess() {
      await leaveUploads(false)
      session.end()
    },
  })
  const isWrong = error instanceof ApiError && error.code === 'bad_credentials'
  const { files, used } = account.space
  return (
    <Dialog title={accountText.deletion.title} onClose={() => !isPending && onClose()}>
      <Form
        onFields={(fields) => {
          const typed = String(fields.get('username')).trim().toLowerCase()
          setOther(typed !== account.username.toLowerCase())
          if (typed === account.username.toLowerCase()) mutate(String(fields.get('password')))
        }}
      >
        {error && !isWrong && <Notice kind="danger">{error.message}</Notice>}
        <p>{accountText.deletion.what}</p>
        <ul class="bullets">
          {accountText.deletion.parts(text.gallery.files(files), formatBytes(used)).map((part) => (
            <li key={part}>{part}</li>
          ))}
        </ul>
        <TextField
          label={accountText.deletion.username(account.username)}
          fault={isOther ? accountText.deletion.wrongUsername : undefined}
          name="username"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          required
        />
        <PasswordField
          label={accountText.deletion.password}
          fault={isWrong ? error.message : undefined}
          name="password"
          autocomplete="current-password"
          required
        />
        <div class="actions">
          <Button disabled={isPending} onClick={onClose}>
            {text.cancel}
          </Button>
          <Button type="submit" variant="danger" busy={isPending}>
            {accountText.deletion.confirm}
          </Button>
        </div>
      </Form>
    </Dialog>
  )
}
