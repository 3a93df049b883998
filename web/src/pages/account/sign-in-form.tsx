import { useMutation } from '@tanstack/preact-query'
import { useRef } from 'preact/hooks'
import { signIn } from '../../api/account.ts'
import { Button } from '../../design/button.tsx'
import { Checkbox, PasswordField, TextField } from '../../design/field.tsx'
import { Notice } from '../../design/states.tsx'
import { text } from '../../text.ts'

interface Props {
  login?: string
  /** Whether the session outlives the window; null: as the former one, without a question. */
  keep?: null
  onDone?: () => void
}

export function SignInForm({ login = '', keep, onDone }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const { mutate, isPending, error } = useMutation({
    async mutationFn(_: undefined) {
      const fields = new FormData(form.current ?? undefined)
      const given = { login: String(fields.get('login')), password: String(fields.get('password')) }
      await signIn(given, keep === null ? null : fields.has('keep'))
    },
    onSuccess: () => onDone?.(),
  })
  return (
    <form
      ref={form}
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        mutate(undefined)
      }}
    >
      {error && <Notice kind="danger">{error.message}</Notice>}
      <TextField
        label={text.account.login}
        name="login"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        defaultValue={login}
        required
      />
      <PasswordField label={text.account.password} name="password" autocomplete="current-password" required />
      {keep !== null && <Checkbox label={text.account.keep} name="keep" />}
      <Button type="submit" variant="primary" wide busy={isPending}>
        {text.account.signIn}
      </Button>
    </form>
  )
}
