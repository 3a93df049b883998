import type { ComponentChildren } from 'preact'
import { accountText } from '../../account-text.ts'
import { api, ask } from '../../api/client.ts'
import type { components } from '../../api/schema.ts'
import { type List, useList } from '../../api/use-list.ts'
import { at } from '../../base.ts'
import { More } from '../../design/more.tsx'
import { ErrorState } from '../../design/states.tsx'
import { formatMoment } from '../../lib/format.ts'
import { deviceWords } from './sessions.tsx'

export type Activity = components['schemas']['Activity']

/** Records of a page. */
export const PAGE = 20

/** Reads what happened with the account of the session. */
export const useOwnActivity = () =>
  useList(['activity', 'own'], PAGE, async (query) => {
    const { activity, next } = await ask(api.GET('/api/users/me/activity', { params: { query } }))
    return { items: activity, next }
  })

/** Actions after which the asset does not exist, or its owner cannot be named. */
const WITHOUT_ASSET = new Set(['asset.deleted', 'asset.taken_down', 'lock.lifted'])

/** Returns the asset that a record is about; null if it has none to show. */
function assetOf({ action, target, details }: Activity): string | null {
  if (WITHOUT_ASSET.has(action)) return null
  if (target?.type === 'asset') return target.id
  return typeof details?.asset === 'string' ? details.asset : null
}

interface Props {
  list: List<Activity>
  /** Who did it, in lists of several accounts. */
  who?: (activity: Activity) => ComponentChildren
}

/** Shows recorded actions in words. */
export function ActivityList({ list, who }: Props) {
  const { items = [], error, isPending } = list
  if (error && items.length === 0) return <ErrorState error={error} onRetry={() => list.refetch()} />
  if (!isPending && items.length === 0) return <p class="soft">{accountText.activity.none}</p>
  return (
    <>
      <ul class="rows activity" aria-label={accountText.activity.title} aria-busy={isPending}>
        {isPending && (
          <li aria-hidden="true">
            <span class="skeleton" />
          </li>
        )}
        {items.map((one) => (
          <Row key={one.id} activity={one} who={who} />
        ))}
      </ul>
      <More list={list} />
    </>
  )
}

function Row({ activity, who }: { activity: Activity; who: Props['who'] }) {
  const { action, at: moment, address, userAgent, details, user } = activity
  const asset = assetOf(activity)
  const place = [userAgent && deviceWords(userAgent), address].filter(Boolean).join(' · ')
  return (
    <li>
      <div>
        <p>
          {accountText.activity.actions[action](details ?? {})}
          {who ? <span class="soft"> · {who(activity)}</span> : !user && ` (${accountText.activity.byAdmin})`}
        </p>
        {place && <p class="soft small">{place}</p>}
      </div>
      {asset && !who && <a href={at(`/a/${asset}`)}>{accountText.activity.asset}</a>}
      <time class="soft small" dateTime={moment}>
        {formatMoment(moment)}
      </time>
    </li>
  )
}
