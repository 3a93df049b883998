import type { ComponentChildren } from 'preact'
import { adminText } from '../../admin-text.ts'
import { useAccount } from '../../api/account.ts'
import { useSession } from '../../api/session.ts'
import { at } from '../../base.ts'
import { NeedSession } from '../../shell/need-session.tsx'
import { usePage } from '../../shell/use-page.ts'
import NotFound from '../not-found.tsx'

const PAGES = ['users', 'assets', 'activity'] as const

interface Props {
  page: (typeof PAGES)[number]
  children: ComponentChildren
}

/** The frame of the pages for admins. Other people get the page for missing addresses. */
export function AdminPage(props: Props) {
  return (
    <NeedSession>
      <ForAdmins {...props} />
    </NeedSession>
  )
}

function ForAdmins({ page, children }: Props) {
  const { account } = useSession()
  // the rights can have changed since the sign-in
  const { isPending } = useAccount()
  const isAdmin = account?.access === 'admin'
  if (!isAdmin) return isPending ? <main id="content" aria-busy="true" /> : <NotFound />
  return <Frame page={page}>{children}</Frame>
}

function Frame({ page, children }: Props) {
  usePage(`${adminText[page]} – ${adminText.title}`)
  return (
    <main id="content" class="settings wide">
      <header class="title-bar">
        <h1>{adminText.title}</h1>
      </header>
      <nav class="tabs" aria-label={adminText.title}>
        {PAGES.map((one) => (
          <a key={one} href={at(`/admin/${one}`)} aria-current={one === page ? 'page' : undefined}>
            {adminText[one]}
          </a>
        ))}
      </nav>
      {children}
    </main>
  )
}
