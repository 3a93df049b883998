import { accountText } from '../../account-text.ts'
import { signOut, useAccount, useSpace } from '../../api/account.ts'
import { useSession } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Meter } from '../../design/meter.tsx'
import { Section } from '../../design/section.tsx'
import { ErrorState, Notice } from '../../design/states.tsx'
import { formatBytes } from '../../lib/format.ts'
import { NeedSession } from '../../shell/need-session.tsx'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'
import { ActivityList, useOwnActivity } from './activity-list.tsx'
import { DeleteAccount } from './delete-account.tsx'
import { PasswordForm } from './password-form.tsx'
import { ProfileForm } from './profile-form.tsx'
import { Sessions } from './sessions.tsx'

export default function AccountPage() {
  usePage(text.shell.account)
  return (
    <NeedSession>
      <Account />
    </NeedSession>
  )
}

function Account() {
  const { account: stored } = useSession()
  const { data: account, error, refetch } = useAccount()
  const activity = useOwnActivity()
  return (
    <main id="content" class="settings">
      <header class="title-bar">
        <h1>{text.shell.account}</h1>
        <Button onClick={signOut}>{text.shell.signOut}</Button>
      </header>
      <Section title={accountText.profile.title} hint={accountText.profile.hint}>
        {error && !account ? (
          <ErrorState error={error} onRetry={() => refetch()} />
        ) : account ? (
          <ProfileForm account={account} />
        ) : (
          <div class="skeleton profile-place" />
        )}
      </Section>
      <Section title={text.space.title}>
        <Space />
      </Section>
      <Section title={accountText.password.title} hint={accountText.password.hint}>
        <PasswordForm username={stored?.username ?? ''} />
      </Section>
      <Sessions />
      <Section title={accountText.activity.title} hint={accountText.activity.hint}>
        <ActivityList list={activity} />
      </Section>
      {stored && (
        <Section title={accountText.deletion.title} hint={accountText.deletion.hint}>
          <DeleteAccount account={account ?? stored} />
        </Section>
      )}
    </main>
  )
}

function Space() {
  const { data: space, error, refetch } = useSpace()
  if (error && !space) return <ErrorState error={error} onRetry={() => refetch()} />
  const { used = 0, limit = 1, files = 0, fileLimit = 0, reserved = 0, free = 1 } = space ?? {}
  return (
    <div class="stack" aria-busy={!space}>
      {free <= 0 && <Notice kind="danger">{text.space.full}</Notice>}
      <Meter
        label={text.space.used}
        value={used}
        max={limit}
        words={space ? text.space.of(formatBytes(used), formatBytes(limit)) : text.loading}
      />
      <p class="soft small">
        {space ? text.space.files(files, fileLimit) : '\u00a0'}
        {reserved > 0 && ` · ${text.space.reserved(formatBytes(reserved))}`}
      </p>
    </div>
  )
}
