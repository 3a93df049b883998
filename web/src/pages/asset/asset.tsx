import search from 'lucide-static/icons/file-question.svg'
import { useLayoutEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { isMissing } from '../../api/errors.ts'
import { useSession } from '../../api/session.ts'
import { assetText } from '../../asset-text.ts'
import { at } from '../../base.ts'
import { ButtonLink } from '../../design/button.tsx'
import { ErrorState, State } from '../../design/states.tsx'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'
import { chooseFile } from '../../viewer/kinds.ts'
import { previewOf } from '../../viewer/preview.ts'
import { Viewer } from '../../viewer/viewer.tsx'
import { About } from './about.tsx'
import { downloadFile } from './download.ts'
import { neighboursOf } from './neighbours.ts'
import { Skeleton } from './skeleton.tsx'
import { useAsset } from './use-asset.ts'
import { usePoster } from './use-poster.tsx'

/** The page of the asset in the address: what it looks like, what it is, and what can be done with it. */
export default function AssetPage() {
  const { id = '' } = useRoute().params
  // another asset begins with a new page: its files, its tab and its viewer
  return <OneAsset key={id} id={id} />
}

function OneAsset({ id }: { id: string }) {
  const { data, error, refetch } = useAsset(id)
  const [chosen, choose] = useState<string | null>(null)
  const asset = data?.asset
  const poster = usePoster(asset)
  usePage(asset?.name ?? (error ? text.errors.notFound : text.loading))
  useKeys(id)
  if (!data || !asset) {
    if (!error) return <Skeleton />
    return (
      <main id="content">
        <h1 class="hidden-text">{assetText.asset.title}</h1>
        {isMissing(error) ? <Missing /> : <ErrorState error={error} onRetry={() => refetch()} />}
      </main>
    )
  }
  const shown = asset.files.find((file) => file.id === chosen) ?? chooseFile(asset.files)
  const mayChange = asset.access !== 'read' && !asset.lock
  return (
    <main id="content" class="asset-page">
      <div class="stage-place">
        <Viewer
          files={asset.files}
          shown={shown}
          preview={previewOf(asset, shown)}
          onChoose={choose}
          onDownload={(fileId) => downloadFile(id, fileId)}
          renew={() => refetch()}
          {...(mayChange && { onPoster: poster.save })}
        />
      </div>
      {poster.dialog}
      <About asset={asset} etag={data.etag} shown={shown?.id ?? null} onView={choose} />
    </main>
  )
}

/** An asset that does not exist and one that the user cannot read are the same. */
function Missing() {
  const { token } = useSession()
  return (
    <State icon={search} title={assetText.asset.missing}>
      <p class="soft">{text.errors.notFoundHint}</p>
      {token ? (
        <ButtonLink href={at('/')}>{text.errors.toAssets}</ButtonLink>
      ) : (
        <ButtonLink
          variant="primary"
          href={`${at('/sign-in')}?${new URLSearchParams({ next: location.pathname })}`}
        >
          {assetText.asset.missingSignIn}
        </ButtonLink>
      )}
    </State>
  )
}

/** Left and right arrow: the asset before and after this one in the list of the gallery. */
function useKeys(id: string): void {
  const { route } = useLocation()
  // an effect after the paint would miss the next press of a key
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return
      if (event.target !== document.body) return
      const { previous, next } = neighboursOf(id)
      const to = event.key === 'ArrowLeft' ? previous : event.key === 'ArrowRight' ? next : null
      if (to) route(at(`/a/${to}`))
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [id])
}
