import book from 'lucide-static/icons/book-open.svg'
import keyboard from 'lucide-static/icons/keyboard.svg'
import logOut from 'lucide-static/icons/log-out.svg'
import settings from 'lucide-static/icons/settings.svg'
import users from 'lucide-static/icons/users.svg'
import { signOut, useAccount, useSpace } from '../api/account.ts'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { Avatar } from '../design/avatar.tsx'
import { Icon } from '../design/icon.tsx'
import { Menu } from '../design/menu.tsx'
import { Meter } from '../design/meter.tsx'
import { formatBytes } from '../lib/format.ts'
import { text } from '../text.ts'
import { ThemeChoice } from './theme.tsx'

/** The menu of people who are signed in. @param onHelp shows the keyboard shortcuts */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { account } = useSession()
  const name = account?.name ?? account?.username ?? ''
  return (
    <Menu label={text.shell.accountMenu} face={<Avatar name={name} />}>
      <Who />
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
      <hr />
      <ThemeChoice />
      <hr />
      <button class="item" type="button" onClick={onHelp}>
        <Icon shapes={keyboard} size={18} />
        {text.shell.shortcuts}
      </button>
      <a class="item" href={at('/docs')} target="_blank" rel="noreferrer">
        <Icon shapes={book} size={18} />
        {text.shell.api}
      </a>
      <button class="item" type="button" onClick={signOut}>
        <Icon shapes={logOut} size={18} />
        {text.shell.signOut}
      </button>
    </Menu>
  )
}

/** The account and its space, read again when the menu opens. */
function Who() {
  useAccount()
  const { account } = useSession()
  const { data: space } = useSpace()
  const { used, limit } = space ?? account?.space ?? { used: 0, limit: 1 }
  return (
    <div class="who">
      <p>
        <strong>{account?.name ?? account?.username}</strong>
        {account?.name && <span class="soft">{account.username}</span>}
      </p>
      <Meter
        label={text.space.used}
        value={used}
        max={limit}
        words={text.space.of(formatBytes(used), formatBytes(limit))}
      />
    </div>
  )
}
