import book from 'lucide-static/icons/book-open.svg'
import userCircle from 'lucide-static/icons/circle-user-round.svg'
import logOut from 'lucide-static/icons/log-out.svg'
import searchIcon from 'lucide-static/icons/search.svg'
import settings from 'lucide-static/icons/settings.svg'
import upload from 'lucide-static/icons/upload.svg'
import users from 'lucide-static/icons/users.svg'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { signOut } from '../api/account.ts'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { ButtonLink } from '../design/button.tsx'
import { Icon } from '../design/icon.tsx'
import { Logo } from '../design/logo.tsx'
import { Menu } from '../design/menu.tsx'
import { text } from '../text.ts'

/** Time without a key after which a search begins, in milliseconds. */
const TYPING_MS = 200

/** The top of every page: the way home, search, upload and account. */
export function Header() {
  const { token, account } = useSession()
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
          <Menu label={text.shell.accountMenu} icon={userCircle}>
            <p class="item soft">{account?.name ?? account?.username}</p>
            <a class="item" href={at('/account')}>
              <Icon shapes={settings} size={18} />
              {text.shell.account}
            </a>
            {account?.access === 'admin' && (
              <a class="item" href={at('/admin/users')}>
                <Icon shapes={users} size={18} />
                {text.shell.admin}
              </a>
            )}
            <a class="item" href={at('/docs')} target="_blank" rel="noreferrer">
              <Icon shapes={book} size={18} />
              {text.shell.api}
            </a>
            <button class="item" type="button" onClick={signOut}>
              <Icon shapes={logOut} size={18} />
              {text.shell.signOut}
            </button>
          </Menu>
        ) : (
          <ButtonLink href={at('/sign-in')}>{text.shell.signIn}</ButtonLink>
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
      const isTyping =
        event.target instanceof HTMLElement &&
        event.target.matches('input, textarea, select, [contenteditable]')
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return
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
