import { useLocation } from 'preact-iso'
import { at } from '../../base.ts'
import { Logo } from '../../design/logo.tsx'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'
import { SignInForm } from './sign-in-form.tsx'

/** Returns the page to open after signing in: an address of this client, else the gallery. */
function afterSignIn(next: string | undefined): string {
  if (!next?.startsWith('/') || !URL.canParse(next, location.origin)) return at('/')
  const { origin, pathname, search } = new URL(next, location.origin)
  return origin === location.origin ? `${pathname}${search}` : at('/')
}

export default function SignIn() {
  usePage(text.account.signIn)
  const { route, query } = useLocation()
  return (
    <main id="content" class="narrow">
      <header>
        <Logo size={48} />
        <h1>{text.account.signInTitle}</h1>
      </header>
      <div class="panel">
        <SignInForm onDone={() => route(afterSignIn(query.next), true)} />
      </div>
      <p class="soft">
        {text.account.noAccount} <a href={at('/register')}>{text.account.create}</a>
      </p>
    </main>
  )
}
