import { useQuery } from '@tanstack/preact-query'
import outside from 'lucide-static/icons/external-link.svg'
import search from 'lucide-static/icons/file-question.svg'
import { useState } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { Asset } from '../../api/client.ts'
import { errorOf, isMissing, toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { at } from '../../base.ts'
import { Icon } from '../../design/icon.tsx'
import { ErrorState, State } from '../../design/states.tsx'
import { shareText } from '../../share-text.ts'
import { usePage } from '../../shell/use-page.ts'
import { chooseFile } from '../../viewer/kinds.ts'
import { previewOf } from '../../viewer/preview.ts'
import { Viewer } from '../../viewer/viewer.tsx'

/** Reads a public asset without the session: a frame of another page shows nothing that only this user can see. */
async function readPublic(id: string): Promise<Asset> {
  const response = await fetch(at(`/api/assets/${encodeURIComponent(id)}`)).catch((thrown) => {
    throw toError(thrown)
  })
  const body = await response.json().catch(() => null)
  if (!response.ok || !body) throw errorOf(body)
  return body.res.asset
}

/** A public asset in a frame of another page: its viewer, its name and the way to its page. */
export default function Embed() {
  const { id = '' } = useRoute().params
  const { data: asset, error, refetch } = useQuery({ queryKey: ['embed', id], queryFn: () => readPublic(id) })
  const [chosen, choose] = useState<string | null>(null)
  usePage(asset?.name)
  if (!asset)
    return (
      <main id="content" class="embed" aria-busy={!error}>
        <h1 class="hidden-text">{shareText.linkPage.title}</h1>
        {error && isMissing(error) && (
          <State icon={search} title={assetText.asset.missing}>
            <p class="soft">{shareText.embed.missingHint}</p>
          </State>
        )}
        {error && !isMissing(error) && <ErrorState error={error} onRetry={() => refetch()} />}
      </main>
    )
  const shown = asset.files.find((file) => file.id === chosen) ?? chooseFile(asset.files)
  return (
    <main id="content" class="embed">
      <div class="stage-place">
        <Viewer
          files={asset.files}
          shown={shown}
          preview={previewOf(asset, shown)}
          onChoose={choose}
          renew={() => refetch()}
        />
      </div>
      <footer>
        <h1 dir="auto">{asset.name}</h1>
        <a href={at(`/a/${asset.id}`)} target="_blank" rel="noopener">
          {shareText.embed.open}
          <Icon shapes={outside} size={16} />
        </a>
      </footer>
    </main>
  )
}
