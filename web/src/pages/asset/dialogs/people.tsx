import { useMutation, useQuery } from '@tanstack/preact-query'
import close from 'lucide-static/icons/x.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { api, ask } from '../../../api/client.ts'
import { queries } from '../../../api/query.ts'
import { session } from '../../../api/session.ts'
import { Button } from '../../../design/button.tsx'
import { Select, TextField } from '../../../design/field.tsx'
import { ErrorState, Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { shareText } from '../../../share-text.ts'

type Access = 'read' | 'write'
interface Change {
  username: string
  /** null: no longer shared with this user. */
  access: Access | null
}

const ACCESSES = Object.entries(shareText.share.accesses)

/** The users who can read or change an asset. */
export function People({ assetId }: { assetId: string }) {
  const queryKey = ['asset', assetId, 'collaborators']
  const {
    data,
    error: unread,
    refetch,
  } = useQuery({
    queryKey,
    queryFn: () => ask(api.GET('/api/assets/{assetId}/collaborators', { params: { path: { assetId } } })),
  })
  const [username, setUsername] = useState('')
  const [access, setAccess] = useState<Access>('read')
  const field = useRef<HTMLDivElement>(null)
  const { mutate, isPending, variables, error } = useMutation({
    // One after the other: the last choice is the one that is stored.
    scope: { id: `people of ${assetId}` },
    mutationFn(change: Change): Promise<unknown> {
      const params = { path: { assetId, username: change.username } }
      return change.access
        ? ask(
            api.PUT('/api/assets/{assetId}/collaborators/{username}', {
              params,
              body: { access: change.access },
            }),
          )
        : ask(api.DELETE('/api/assets/{assetId}/collaborators/{username}', { params }))
    },
    async onSuccess(_, change) {
      await queries.invalidateQueries({ queryKey })
      tell(change.access ? shareText.share.shared(change.username) : shareText.share.removed(change.username))
      if (change.username === username) setUsername('')
    },
  })
  const focusField = () => field.current?.querySelector('input')?.focus()
  const people = data?.collaborators ?? []
  return (
    <section class="part">
      <h3>{shareText.share.people}</h3>
      <form
        class="share-add"
        onSubmit={(event) => {
          event.preventDefault()
          if (username.trim()) mutate({ username: username.trim(), access }, { onSuccess: focusField })
        }}
      >
        <div ref={field}>
          <TextField
            label={shareText.share.username}
            value={username}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={32}
            required
            onInput={({ currentTarget }) => setUsername(currentTarget.value)}
          />
        </div>
        <Select
          label={shareText.share.access}
          value={access}
          options={ACCESSES}
          onChange={({ currentTarget }) => setAccess(currentTarget.value as Access)}
        />
        <Button type="submit" busy={isPending}>
          {shareText.share.add}
        </Button>
      </form>
      <UserSuggestions
        typed={username}
        known={people.map((one) => one.username)}
        onChoose={(name) => {
          setUsername(name)
          focusField()
        }}
      />
      {error && <Notice kind="danger">{error.message}</Notice>}
      {unread && <ErrorState error={unread} onRetry={() => refetch()} />}
      {data && people.length === 0 && <p class="soft">{shareText.share.nobody}</p>}
      <ul class="share-people" aria-label={shareText.share.people}>
        {people.map((one) => (
          <li key={one.username}>
            <span class="who">{one.username}</span>
            <select
              class="input"
              aria-label={shareText.share.rightsOf(one.username)}
              value={(isPending && variables.username === one.username && variables.access) || one.access}
              onChange={({ currentTarget }) =>
                mutate({ username: one.username, access: currentTarget.value as Access })
              }
            >
              {ACCESSES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
            <Button
              variant="ghost"
              square
              icon={close}
              busy={isPending && variables.username === one.username && variables.access === null}
              onClick={() => mutate({ username: one.username, access: null }, { onSuccess: focusField })}
            >
              {shareText.share.remove(one.username)}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Time without a key after which users are looked up, in milliseconds. */
const TYPING_MS = 200
/** Suggestions that are shown. */
const SHOWN = 5

interface SuggestionsProps {
  typed: string
  known: string[]
  onChoose: (username: string) => void
}

/** Users whose name begins with what is typed, if they let others find them. */
function UserSuggestions({ typed, known, onChoose }: SuggestionsProps) {
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  const { data } = useQuery({
    queryKey: ['users', 'suggested', q],
    enabled: q !== '',
    queryFn: ({ signal }) => ask(api.GET('/api/users', { params: { query: { q, limit: 10 } }, signal })),
  })
  const names = (q ? (data?.users ?? []) : [])
    .map(({ username }) => username)
    .filter((name) => name !== typed && name !== session.account?.username && !known.includes(name))
  if (names.length === 0) return null
  return (
    <fieldset class="proposals" aria-label={shareText.share.suggestions}>
      {names.slice(0, SHOWN).map((name) => (
        <button key={name} type="button" class="chip" onClick={() => onChoose(name)}>
          {name}
        </button>
      ))}
    </fieldset>
  )
}
