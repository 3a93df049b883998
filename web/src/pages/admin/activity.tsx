import { useQuery } from '@tanstack/preact-query'
import { api, ask } from '../../api/client.ts'
import { useList } from '../../api/use-list.ts'
import { Section } from '../../design/section.tsx'
import { pageText } from '../../page-text.ts'
import { ActivityList, PAGE } from '../account/activity-list.tsx'
import { AdminPage } from './admin-page.tsx'

export default function Activity() {
  return (
    <AdminPage page="activity">
      <Section title={pageText.activity.title} hint={pageText.admin.activityHint}>
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
      who={({ user }) => (user ? <Username id={user} /> : pageText.activity.unknownUser)}
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
  return <>{data?.username ?? (error ? pageText.activity.unknownUser : '…')}</>
}
