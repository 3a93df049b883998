import searchIcon from 'lucide-static/icons/search.svg'
import usersIcon from 'lucide-static/icons/users.svg'
import { useRef, useState } from 'preact/hooks'
import { adminText } from '../../admin-text.ts'
import { useSpace } from '../../api/account.ts'
import { api, ask } from '../../api/client.ts'
import type { components } from '../../api/schema.ts'
import { useSession } from '../../api/session.ts'
import { useList } from '../../api/use-list.ts'
import { Avatar } from '../../design/avatar.tsx'
import { Button } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { Meter } from '../../design/meter.tsx'
import { More } from '../../design/more.tsx'
import { ErrorState, State } from '../../design/states.tsx'
import { formatBytes, formatMoment } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { AdminPage } from './admin-page.tsx'
import { UserDialog } from './user-dialog.tsx'

export type User = components['schemas']['AdministeredUser']

const PAGE = 50
/** Time without a key after which a search begins, in milliseconds. */
const TYPING_MS = 200

/** Reads the users whose names begin with a text. An admin gets all fields of them. */
const useUsers = (q: string) =>
  useList(['users', q], PAGE, async (page) => {
    const query = { ...page, ...(q && { q }) }
    const { users, next } = await ask(api.GET('/api/users', { params: { query } }))
    return { items: users as User[], next }
  })

export default function Users() {
  return (
    <AdminPage page="users">
      <UserTable />
    </AdminPage>
  )
}

function UserTable() {
  const [q, setQ] = useState('')
  const [managed, manage] = useState<User | null>(null)
  const timer = useRef<number | undefined>(undefined)
  const list = useUsers(q)
  const { items } = list
  // the dialog stays, with what is typed in it, while another search is read
  const user = items?.find(({ id }) => id === managed?.id) ?? managed
  return (
    <>
      <div class="table-bar">
        <search class="find">
          <Icon shapes={searchIcon} />
          <input
            class="input"
            type="search"
            aria-label={adminText.find}
            placeholder={adminText.findHint}
            autocomplete="off"
            maxLength={100}
            onInput={({ currentTarget }) => {
              clearTimeout(timer.current)
              timer.current = setTimeout(() => setQ(currentTarget.value.trim()), TYPING_MS)
            }}
          />
        </search>
        <ServerSpace />
      </div>
      {list.error && !items ? (
        <ErrorState error={list.error} onRetry={() => list.refetch()} />
      ) : items?.length === 0 ? (
        <State icon={usersIcon} title={adminText.none} />
      ) : (
        <div class="panel table">
          <table aria-label={adminText.users} aria-busy={!items}>
            <thead>
              <tr>
                <th scope="col">{adminText.columns.user}</th>
                <th scope="col">{adminText.columns.space}</th>
                <th scope="col" class="spare">
                  {adminText.columns.files}
                </th>
                <th scope="col" class="spare">
                  {adminText.columns.lastAccess}
                </th>
                <th scope="col">
                  <span class="hidden-text">{adminText.manageColumn}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items
                ? items.map((one) => <Row key={one.id} user={one} onManage={() => manage(one)} />)
                : PLACES}
            </tbody>
          </table>
        </div>
      )}
      <More list={list} />
      {user && <UserDialog user={user} onClose={() => manage(null)} />}
    </>
  )
}

/** Rows shown while the first users load. */
const PLACES = Array.from({ length: 5 }, (_, index) => (
  <tr key={index}>
    <td colSpan={5}>
      <span class="skeleton" />
    </td>
  </tr>
))

function Row({ user, onManage }: { user: User; onManage: () => void }) {
  const { account } = useSession()
  const { id, username, name, email, access, disabled, lastAccessAt } = user
  const { used, limit, files } = user.space
  return (
    <tr class={disabled ? 'disabled' : undefined}>
      <th scope="row">
        <Avatar name={name ?? username} />
        <span>
          <strong>{username}</strong>
          {[name, email].filter(Boolean).length > 0 && (
            <span class="soft small">{[name, email].filter(Boolean).join(' · ')}</span>
          )}
        </span>
        <span class="badges">
          {access === 'admin' && <span class="badge accent">{adminText.admin}</span>}
          {disabled && <span class="badge bad">{adminText.disabled}</span>}
          {id === account?.id && <span class="badge good">{adminText.you}</span>}
        </span>
      </th>
      <td class="number">{text.space.of(formatBytes(used), formatBytes(limit))}</td>
      <td class="number spare">{files.toLocaleString('en')}</td>
      <td class="spare">{lastAccessAt ? formatMoment(lastAccessAt) : adminText.never}</td>
      <td>
        <Button aria-label={`${adminText.manage} ${username}`} onClick={onManage}>
          {adminText.manage}
        </Button>
      </td>
    </tr>
  )
}

/** The space of all users together. */
function ServerSpace() {
  const { data } = useSpace()
  const { used = 0, limit = 1 } = data?.server ?? {}
  return (
    <Meter
      label={adminText.server}
      value={used}
      max={limit}
      words={data?.server ? text.space.of(formatBytes(used), formatBytes(limit)) : text.loading}
    />
  )
}
