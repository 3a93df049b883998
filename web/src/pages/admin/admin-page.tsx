import type { ComponentChildren } from 'preact'
import { useAccount } from '../../api/account.ts'
import { useSession } from '../../api/session.ts'
import { at } from '../../base.ts'
import { pageText } from '../../page-text.ts'
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
  usePage(`${pageText.admin[page]} – ${pageText.admin.title}`)
  return (
    <main id="content" class="settings wide">
      <header class="title-bar">
        <h1>{pageText.admin.title}</h1>
      </header>
      <nav class="tabs" aria-label={pageText.admin.title}>
        {PAGES.map((one) => (
          <a key={one} href={at(`/admin/${one}`)} aria-current={one === page ? 'page' : undefined}>
            {pageText.admin[one]}
          </a>
        ))}
      </nav>
      {children}
    </main>
  )
}
