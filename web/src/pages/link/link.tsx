import { useMutation } from '@tanstack/preact-query'
import clock from 'lucide-static/icons/clock.svg'
import lock from 'lucide-static/icons/lock.svg'
import unlink from 'lucide-static/icons/unlink.svg'
import { useEffect, useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { Asset } from '../../api/client.ts'
import { ApiError } from '../../api/errors.ts'
import { Button } from '../../design/button.tsx'
import { PasswordField } from '../../design/field.tsx'
import { Form } from '../../design/form.tsx'
import { Icon } from '../../design/icon.tsx'
import { ErrorState, Notice, State } from '../../design/states.tsx'
import { shareText } from '../../share-text.ts'
import { focusPage } from '../../shell/page-change.ts'
import { usePage } from '../../shell/use-page.ts'
import { Skeleton } from '../asset/skeleton.tsx'
import { SharedAsset } from './shared-asset.tsx'
import { readLink, useLink } from './use-link.ts'

/** The page of a link, for people without an account. */
export default function LinkPage() {
  const { token = '' } = useRoute().params
  return <OneLink key={token} token={token} />
}

function OneLink({ token }: { token: string }) {
  const { data, error, refetch } = useLink(token)
  /** The password is kept in the memory of this page alone. */
  const [opened, setOpened] = useState<{ asset: Asset; password: string } | null>(null)
  const asset = opened?.asset ?? data
  const open = async (password: string) => setOpened({ asset: await readLink(token, password), password })
  const code = error instanceof ApiError ? error.code : null
  const isOpened = opened !== null
  usePage(asset?.name ?? shareText.linkPage.title)
  useEffect(() => {
    // the field that had the focus is gone
    if (isOpened) focusPage()
  }, [isOpened])
  if (asset)
    return (
      <main id="content" class="asset-page">
        <SharedAsset
          token={token}
          asset={asset}
          password={opened?.password ?? null}
          {...(opened && { renew: () => open(opened.password) })}
        />
      </main>
    )
  if (!error) return <Skeleton />
  return (
    <main id="content" class={code === 'password_required' ? 'narrow' : ''}>
      {code === 'password_required' ? (
        <PasswordForm onOpen={open} />
      ) : (
        <>
          <h1 class="hidden-text">{shareText.linkPage.title}</h1>
          <Unopened error={error} onRetry={() => refetch()} />
        </>
      )}
    </main>
  )
}

function Unopened({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const code = error instanceof ApiError ? error.code : null
  if (code === 'link_expired')
    return (
      <State icon={clock} title={shareText.linkPage.ended}>
        <p class="soft">{shareText.linkPage.endedHint}</p>
      </State>
    )
  if (code === 'not_found' || code === 'validation_failed')
    return (
      <State icon={unlink} title={shareText.linkPage.unknown}>
        <p class="soft">{shareText.linkPage.unknownHint}</p>
      </State>
    )
  return <ErrorState error={error} onRetry={onRetry} />
}

function PasswordForm({ onOpen }: { onOpen: (password: string) => Promise<void> }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: onOpen, gcTime: 0 })
  const code = error instanceof ApiError ? error.code : null
  if (error && (code === 'link_expired' || code === 'not_found'))
    return <Unopened error={error} onRetry={() => undefined} />
  return (
    <>
      <header>
        <Icon shapes={lock} size={40} />
        <h1>{shareText.linkPage.closed}</h1>
        <p class="soft">{shareText.linkPage.closedHint}</p>
      </header>
      <Form class="panel stack" onFields={(fields) => mutate(String(fields.get('password')))}>
        {error && code !== 'bad_credentials' && (
          <Notice kind="danger">
            {code === 'too_many_requests' ? shareText.linkPage.tooMany : error.message}
          </Notice>
        )}
        <PasswordField
          label={shareText.linkPage.password}
          name="password"
          fault={code === 'bad_credentials' ? shareText.linkPage.wrong : undefined}
          autocomplete="off"
          required
        />
        <Button type="submit" variant="primary" wide busy={isPending}>
          {shareText.linkPage.open}
        </Button>
      </Form>
    </>
  )
}
