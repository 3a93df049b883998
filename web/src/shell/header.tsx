import searchIcon from 'lucide-static/icons/search.svg'
import contrast from 'lucide-static/icons/sun-moon.svg'
import upload from 'lucide-static/icons/upload.svg'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { ButtonLink } from '../design/button.tsx'
import { Icon } from '../design/icon.tsx'
import { Logo } from '../design/logo.tsx'
import { Menu } from '../design/menu.tsx'
import { isTyping } from '../lib/keys.ts'
import { text } from '../text.ts'
import { AccountMenu } from './account-menu.tsx'
import { ThemeChoice } from './theme.tsx'

/** Time without a key after which a search begins, in milliseconds. */
const TYPING_MS = 200

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

/**
 * The search box. In the gallery it searches while one types and keeps the filters; elsewhere Enter leads to the gallery.
 * `/` moves the focus into it.
 */
function Search() {
  const { path, query, route } = useLocation()
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<number | undefined>(undefined)
  const isGallery = path === at('/')
  const q = isGallery ? (query.q ?? '') : ''

  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = q
  }, [q])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event)) return
      event.preventDefault()
      input.current?.select()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  const search = (replace: boolean) => {
    clearTimeout(timer.current)
    const parameters = new URLSearchParams(isGallery ? location.search : '')
    const typed = input.current?.value.trim() ?? ''
    if (typed) parameters.set('q', typed)
    else parameters.delete('q')
    const rest = parameters.toString()
    route(`${at('/')}${rest && `?${rest}`}`, replace)
  }
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          search(false)
        }}
      >
        <Icon shapes={searchIcon} />
        <input
          ref={input}
          class="input"
          type="search"
          name="q"
          aria-label={text.shell.search}
          placeholder={text.shell.searchHint}
          autocomplete="off"
          maxLength={500}
          onInput={() => {
            clearTimeout(timer.current)
            // one entry of the history for a search, not one for each key
            if (isGallery) timer.current = setTimeout(() => search(Boolean(q)), TYPING_MS)
          }}
        />
        <span class="key" aria-hidden="true">
          /
        </span>
      </form>
    </search>
  )
}
