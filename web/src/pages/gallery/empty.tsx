import globe from 'lucide-static/icons/globe.svg'
import searchX from 'lucide-static/icons/search-x.svg'
import upload from 'lucide-static/icons/upload.svg'
import usersIcon from 'lucide-static/icons/users.svg'
import { useSession } from '../../api/session.ts'
import { at } from '../../base.ts'
import { Button, ButtonLink } from '../../design/button.tsx'
import { State } from '../../design/states.tsx'
import { text } from '../../text.ts'
import { hasFilters, type SearchState, withoutFilters } from './search-state.ts'

interface Props {
  search: SearchState
  onChange: (search: SearchState) => void
}

/** What stands in place of the assets where there are none. */
export function Empty({ search, onChange }: Props) {
  const { token, account } = useSession()
  if (search.q || hasFilters(search))
    return (
      <State icon={searchX} title={text.gallery.nothingFound}>
        <p class="soft">
          {hasFilters(search) ? text.gallery.nothingFoundFilters : text.gallery.nothingFoundHint}
        </p>
        <div class="actions">
          {hasFilters(search) && (
            <Button onClick={() => onChange(withoutFilters(search))}>{text.gallery.clear}</Button>
          )}
          {search.q && (
            <Button onClick={() => onChange({ ...search, q: '', sort: 'newest' })}>
              {text.gallery.clearWords}
            </Button>
          )}
        </div>
      </State>
    )
  if (search.scope === 'shared')
    return (
      <State icon={usersIcon} title={text.gallery.emptyShared}>
        <p class="soft">{text.gallery.emptySharedHint(account?.username ?? '')}</p>
      </State>
    )
  if (!token || search.scope === 'public')
    return (
      <State icon={globe} title={text.gallery.emptyPublic}>
        {!token && (
          <>
            <p class="soft">{text.gallery.emptyPublicHint}</p>
            <ButtonLink variant="primary" href={at('/sign-in')}>
              {text.gallery.toSignIn}
            </ButtonLink>
          </>
        )}
      </State>
    )
  return (
    <div class="empty-place">
      <State icon={upload} title={text.gallery.emptyTitle}>
        <p class="soft">{text.gallery.emptyHint}</p>
        <ButtonLink variant="primary" icon={upload} href={at('/upload')}>
          {text.gallery.emptyUpload}
        </ButtonLink>
      </State>
    </div>
  )
}
