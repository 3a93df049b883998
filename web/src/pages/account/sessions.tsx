import { useMutation } from '@tanstack/preact-query'
import laptop from 'lucide-static/icons/laptop.svg'
import phone from 'lucide-static/icons/smartphone.svg'
import terminal from 'lucide-static/icons/square-terminal.svg'
import { accountText } from '../../account-text.ts'
import { api, ask } from '../../api/client.ts'
import { queries } from '../../api/query.ts'
import type { components } from '../../api/schema.ts'
import { type PageQuery, useList } from '../../api/use-list.ts'
import { Button } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { More } from '../../design/more.tsx'
import { Section } from '../../design/section.tsx'
import { ErrorState, Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { deviceOf } from '../../lib/device.ts'
import { formatDay, formatMoment } from '../../lib/format.ts'
import { useId } from '../../lib/use-id.ts'

type Session = components['schemas']['Session']

const PAGE = 10
const ICONS = { computer: laptop, phone, program: terminal }

async function readSessions(query: PageQuery) {
  const { sessions, next } = await ask(api.GET('/api/auth/sessions', { params: { query } }))
  return { items: sessions, next }
}

const endSession = (sessionId: string) =>
  ask(api.DELETE('/api/auth/sessions/{sessionId}', { params: { path: { sessionId } } }))

/** Ends all sessions but this one, one by one, because the API has no route for that. Returns their number. */
async function endOthers(): Promise<number> {
  let count = 0
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { items, next }: Awaited<ReturnType<typeof readSessions>> = await readSessions({
      limit: 100,
      ...(cursor && { cursor }),
    })
    for (const { id, current } of items) {
      if (current) continue
      await endSession(id)
      count++
    }
    cursor = next
  }
  return count
}

/** Returns a device in words, such as `Firefox on Windows`. */
export function deviceWords(userAgent: string | null): string {
  const { app, system, kind } = deviceOf(userAgent)
  if (app && system) return accountText.sessions.on(app, system)
  if (system && kind !== 'program') return accountText.sessions.on(accountText.sessions.browser, system)
  return app ?? accountText.sessions.unknown
}

/** The devices that are signed in. */
export function Sessions() {
  const list = useList(['sessions'], PAGE, readSessions)
  const refresh = () => queries.invalidateQueries({ queryKey: ['sessions'] })
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => tell(accountText.sessions.ended),
    onSettled: refresh,
  })
  const others = useMutation({
    mutationFn: endOthers,
    onSuccess: (count) => tell(accountText.sessions.othersEnded(count)),
    onSettled: refresh,
  })
  const items = list.items ?? []
  const failed = end.error ?? others.error
  return (
    <Section title={accountText.sessions.title} hint={accountText.sessions.hint}>
      {failed && <Notice kind="danger">{failed.message}</Notice>}
      {list.error && items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => list.refetch()} />
      ) : (
        <ul class="rows" aria-label={accountText.sessions.title} aria-busy={list.isPending}>
          {list.isPending && (
            <li aria-hidden="true">
              <span class="skeleton" />
            </li>
          )}
          {items.map((one) => (
            <Row
              key={one.id}
              session={one}
              isEnding={end.isPending && end.variables === one.id}
              onEnd={() => end.mutate(one.id)}
            />
          ))}
        </ul>
      )}
      <More list={list} />
      {items.length > 1 && (
        <div class="foot">
          <p class="soft small">{accountText.sessions.endOthersHint}</p>
          <Button busy={others.isPending} onClick={() => others.mutate()}>
            {accountText.sessions.endOthers}
          </Button>
        </div>
      )}
    </Section>
  )
}

function Row({
  session: { current, createdAt, lastAccessAt, userAgent },
  isEnding,
  onEnd,
}: {
  session: Session
  isEnding: boolean
  onEnd: () => void
}) {
  const id = useId()
  return (
    <li>
      <Icon shapes={ICONS[deviceOf(userAgent).kind]} />
      <div>
        <p id={id} title={userAgent ?? undefined}>
          <strong>{deviceWords(userAgent)}</strong>
        </p>
        <p class="soft small">
          {accountText.sessions.lastUsed(formatMoment(lastAccessAt))},{' '}
          {accountText.sessions.signedIn(formatDay(createdAt))}
        </p>
      </div>
      {current ? (
        <span class="badge good">{accountText.sessions.current}</span>
      ) : (
        <Button aria-describedby={id} busy={isEnding} onClick={onEnd}>
          {accountText.sessions.end}
        </Button>
      )}
    </li>
  )
}
