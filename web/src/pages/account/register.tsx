import { useMutation } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { register } from '../../api/account.ts'
import { ApiError } from '../../api/errors.ts'
import { at } from '../../base.ts'
import { Button } from '../../design/button.tsx'
import { PasswordField, TextField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Logo } from '../../design/logo.tsx'
import { Notice } from '../../design/states.tsx'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'

const FIELDS = ['username', 'email', 'password']

export default function Register() {
  usePage(text.account.create)
  const { route } = useLocation()
  const { mutate, isPending, error } = useMutation({
    async mutationFn(fields: FormData) {
      const [username = '', email = '', password = ''] = FIELDS.map((name) => String(fields.get(name)))
      await register({ username, password, ...(email && { email }) })
    },
    onSuccess: () => route(at('/'), true),
  })
  const faultOf = (field: string) => (error instanceof ApiError ? error.faultOf(field) : undefined)
  const isToldBeside = FIELDS.some(faultOf)
  return (
    <main id="content" class="narrow">
      <header>
        <Logo size={48} />
        <h1>{text.account.registerTitle}</h1>
      </header>
      <Form class="panel stack" onFields={(fields) => mutate(fields)}>
        {error && !isToldBeside && <Notice kind="danger">{error.message}</Notice>}
        <TextField
          label={text.account.username}
          hint={text.account.usernameHint}
          fault={faultOf('username')}
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          minLength={3}
          maxLength={32}
        />
        <TextField
          label={text.account.email}
          hint={text.account.emailHint}
          fault={faultOf('email')}
          name="email"
          type="email"
          autocomplete="email"
        />
        <PasswordField
          label={text.account.password}
          hint={text.account.passwordHint}
          fault={faultOf('password')}
          name="password"
          autocomplete="new-password"
          required
        />
        <Button type="submit" variant="primary" wide busy={isPending}>
          {text.account.create}
        </Button>
      </Form>
      <p class="soft">
        {text.account.hasAccount} <a href={at('/sign-in')}>{text.account.signIn}</a>
      </p>
    </main>
  )
}
