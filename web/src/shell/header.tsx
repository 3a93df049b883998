import contrast from 'lucide-static/icons/sun-moon.svg'
import upload from 'lucide-static/icons/upload.svg'
import { useLocation } from 'preact-iso'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { ButtonLink } from '../design/button.tsx'
import { Logo } from '../design/logo.tsx'
import { Menu } from '../design/menu.tsx'
import { text } from '../text.ts'
import { AccountMenu } from './account-menu.tsx'
import { Search } from './search.tsx'
import { ThemeChoice } from './theme.tsx'

/** The top of every page: the way home, search, upload and account. @param onHelp shows the keyboard shortcuts */
export function Header({ onHelp }: { onHelp: () => void }) {
  const { token } = useSession()
  return (
    <header>
      <SkipLink />
      <a class="brand" href={at('/')}>
        <Logo size={28} />
        <span>{text.name}</span>
      </a>
      <Search />
      <nav>
        <ButtonLink variant="primary" icon={upload} href={at('/upload')}>
          <span class="label-text">{text.shell.upload}</span>
        </ButtonLink>
        {token ? (
          <AccountMenu onHelp={onHelp} />
        ) : (
          <>
            <span class="wide-only">
              <Menu label={text.theme.title} icon={contrast}>
                <ThemeChoice />
              </Menu>
            </span>
            <ButtonLink href={at('/sign-in')}>{text.shell.signIn}</ButtonLink>
          </>
        )}
      </nav>
    </header>
  )
}

/** Leads past the header by keyboard. A fragment alone would refer to the base address of the page. */
function SkipLink() {
  const { url } = useLocation()
  return (
    <a
      class="skip button"
      href={`${url}#content`}
      onClick={(event) => {
        event.preventDefault()
        const content = document.getElementById('content')
        content?.setAttribute('tabindex', '-1')
        content?.focus()
      }}
    >
      {text.shell.skip}
    </a>
  )
}
