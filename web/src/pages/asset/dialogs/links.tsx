import { useMutation, useQuery } from '@tanstack/preact-query'
import { useState } from 'preact/hooks'
import { api, ask } from '../../../api/client.ts'
import { queries } from '../../../api/query.ts'
import { Button } from '../../../design/button.tsx'
import { ErrorState, Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { formatDay } from '../../../lib/format.ts'
import { shareText } from '../../../share-text.ts'
import { type Link, type LinkFields, LinkForm } from './link-form.tsx'
import { NewLink } from './new-link.tsx'

/** Links that are listed. */
const LISTED = 100

/** The links of an asset, and a form that creates or changes one. */
export function Links({ assetId }: { assetId: string }) {
  const queryKey = ['asset', assetId, 'links']
  const path = { assetId }
  const {
    data,
    error: unread,
    refetch,
  } = useQuery({
    queryKey,
    queryFn: () =>
      ask(api.GET('/api/assets/{assetId}/links', { params: { path, query: { limit: LISTED } } })),
  })
  const [changing, change] = useState<Link | null>(null)
  /** Tokens are told once: the newest link is shown until the dialog is closed. */
  const [token, setToken] = useState<string | null>(null)
  const done = (words: string) => {
    tell(words)
    return queries.invalidateQueries({ queryKey })
  }

  const save = useMutation({
    // the link is a parameter, because `useMutation` takes the function of a rendering only after the paint
    async mutationFn({ fields, link }: { fields: LinkFields; link: Link | null }) {
      const { expiresAt, maxDownloads, label, password } = fields
      if (link) {
        const body = { expiresAt, maxDownloads, label, ...(password !== undefined && { password }) }
        const params = { path: { assetId, linkId: link.id } }
        await ask(api.PATCH('/api/assets/{assetId}/links/{linkId}', { params, body }))
        return null
      }
      const body = {
        ...(expiresAt && { expiresAt }),
        ...(maxDownloads && { maxDownloads }),
        ...(label && { label }),
        ...(password && { password }),
      }
      return (await ask(api.POST('/api/assets/{assetId}/links', { params: { path }, body }))).link.token
    },
    async onSuccess(created) {
      if (created) setToken(created)
      change(null)
      if (created) await queries.invalidateQueries({ queryKey })
      else await done(shareText.link.saved)
    },
  })
  const revoke = useMutation({
    mutationFn: ({ id }: Link) =>
      ask(api.DELETE('/api/assets/{assetId}/links/{linkId}', { params: { path: { assetId, linkId: id } } })),
    onSuccess(_, { id }) {
      if (changing?.id === id) change(null)
      return done(shareText.link.revoked)
    },
  })
  const links = data?.links ?? []
  return (
    <section class="part">
      <h3>{changing ? shareText.link.change : shareText.link.title}</h3>
      <LinkForm
        // a created link empties the form, so that its password is not used for another
        key={`${changing?.id} ${token}`}
        link={changing}
        busy={save.isPending}
        error={save.error}
        onSave={(fields) => save.mutate({ fields, link: changing })}
        onCancel={() => {
          change(null)
          save.reset()
        }}
      />
      {token && !changing && <NewLink key={token} token={token} />}
      {revoke.error && <Notice kind="danger">{revoke.error.message}</Notice>}
      {unread && <ErrorState error={unread} onRetry={() => refetch()} />}
      {data && links.length === 0 && <p class="soft">{shareText.link.none}</p>}
      <ul class="share-links" aria-label={shareText.link.list}>
        {links.map((link) => (
          <li key={link.id}>
            <div class="what">
              <p>
                {link.label ?? shareText.link.unnamed} <span class="badge">{stateOf(link)}</span>
              </p>
              <p class="facts">{factsOf(link)}</p>
            </div>
            <Button
              onClick={() => {
                save.reset()
                change(link)
              }}
            >
              {shareText.link.edit}
            </Button>
            <Button
              busy={revoke.isPending && revoke.variables.id === link.id}
              onClick={() => revoke.mutate(link)}
            >
              {shareText.link.revoke}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}

const isOver = ({ expiresAt }: Link) => expiresAt !== null && new Date(expiresAt) <= new Date()

function stateOf(link: Link): string {
  if (isOver(link)) return shareText.link.ended
  if (link.maxDownloads !== null && link.downloads >= link.maxDownloads) return shareText.link.usedUp
  return shareText.link.open
}

function factsOf(link: Link): string {
  const { expiresAt, downloads, maxDownloads, hasPassword } = link
  const end = expiresAt === null ? shareText.link.always : formatDay(expiresAt)
  return [
    expiresAt === null ? end : isOver(link) ? shareText.link.endedOn(end) : shareText.link.until(end),
    shareText.link.uses(downloads, maxDownloads),
    hasPassword && shareText.link.withPassword,
  ]
    .filter(Boolean)
    .join(' · ')
}
