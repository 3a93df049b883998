import { useQuery } from '@tanstack/preact-query'
import { accountText } from '../../account-text.ts'
import { adminText } from '../../admin-text.ts'
import { api, ask } from '../../api/client.ts'
import { useList } from '../../api/use-list.ts'
import { Section } from '../../design/section.tsx'
import { ActivityList, PAGE } from '../account/activity-list.tsx'
import { AdminPage } from './admin-page.tsx'

export default function Activity() {
  return (
    <AdminPage page="activity">
      <Section title={accountText.activity.title} hint={adminText.activityHint}>
        <AllActivity />
      </Section>
    </AdminPage>
  )
}

function AllActivity() {
  const list = useList(['activity', 'all'], PAGE, async (query) => {
    const { activity, next } = await ask(api.GET('/api/admin/activity', { params: { query } }))
    return { items: activity, next }
  })
  return (
    <ActivityList
      list={list}
      who={({ user }) => (user ? <Username id={user} /> : accountText.activity.unknownUser)}
    />
  )
}

/** The name of a user whose id a record contains. A deleted account has none. */
function Username({ id }: { id: string }) {
  const { data, error } = useQuery({
    queryKey: ['users', 'one', id],
    queryFn: async () =>
      (await ask(api.GET('/api/users/{userId}', { params: { path: { userId: id } } }))).user,
  })
  return <>{data?.username ?? (error ? accountText.activity.unknownUser : '…')}</>
}
