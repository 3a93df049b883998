import back from 'lucide-static/icons/chevron-left.svg'
import nextIcon from 'lucide-static/icons/chevron-right.svg'
import downloadIcon from 'lucide-static/icons/download.svg'
import globe from 'lucide-static/icons/globe.svg'
import lockIcon from 'lucide-static/icons/lock.svg'
import type { Asset } from '../../api/client.ts'
import { assetText } from '../../asset-text.ts'
import { at } from '../../base.ts'
import { ButtonLink } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { Tabs } from '../../design/tabs.tsx'
import { formatBytes } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { AssetActions } from './actions.tsx'
import { Details } from './details.tsx'
import { useDownload } from './download.ts'
import { FilesTable } from './files-table.tsx'
import { neighboursOf } from './neighbours.ts'

interface Props {
  asset: Asset
  etag: string
  /** The id of the file in the viewer. */
  shown: string | null
  onView: (fileId: string) => void
}

/** All about an asset in words, beside its viewer. */
export function About({ asset, etag, shown, onView }: Props) {
  const download = useDownload(asset)
  return (
    <div class="about">
      <Way id={asset.id} />
      <div class="title">
        <h1 dir="auto">{asset.name}</h1>
        <p class="facts">
          {asset.owner && <span>{asset.owner.username}</span>}
          <span>{formatBytes(asset.size)}</span>
          {asset.visibility === 'public' && (
            <span class="badge">
              <Icon shapes={globe} size={13} />
              {text.gallery.values.public}
            </span>
          )}
          {asset.lock && (
            <span class="badge">
              <Icon shapes={lockIcon} size={13} />
              {text.gallery.locked}
            </span>
          )}
        </p>
      </div>
      <div class="commands">
        <ButtonLink variant="primary" icon={downloadIcon} wide href={download} download>
          {assetText.asset.download}
        </ButtonLink>
        <AssetActions asset={asset} etag={etag} />
      </div>
      {asset.description && (
        <p class="description" dir="auto">
          {asset.description}
        </p>
      )}
      {asset.tags.length > 0 && (
        <ul class="tags" aria-label={text.gallery.facets.tag}>
          {asset.tags.map((tag) => (
            <li key={tag}>
              <a href={at(`/?${new URLSearchParams({ tag })}`)} title={tag} dir="auto">
                {tag}
              </a>
            </li>
          ))}
        </ul>
      )}
      <Tabs
        label={assetText.asset.about}
        tabs={[
          {
            name: assetText.asset.files,
            content: () => <FilesTable asset={asset} shown={shown} onView={onView} />,
          },
          { name: assetText.asset.details, content: () => <Details asset={asset} /> },
        ]}
      />
    </div>
  )
}

/** The way back to the gallery, and to the assets beside this one in its list. */
function Way({ id }: { id: string }) {
  const { previous, next } = neighboursOf(id)
  return (
    <nav class="way" aria-label={assetText.asset.way}>
      <a class="button ghost back" href={at('/')}>
        <Icon shapes={back} size={18} />
        {text.gallery.title}
      </a>
      <span>
        {previous && (
          <ButtonLink
            variant="ghost"
            square
            icon={back}
            href={at(`/a/${previous}`)}
            title={assetText.asset.previous}
          >
            {assetText.asset.previous}
          </ButtonLink>
        )}
        {next && (
          <ButtonLink
            variant="ghost"
            square
            icon={nextIcon}
            href={at(`/a/${next}`)}
            title={assetText.asset.next}
          >
            {assetText.asset.next}
          </ButtonLink>
        )}
      </span>
    </nav>
  )
}
