import type { ComponentChildren } from 'preact'
import type { Asset } from '../../api/client.ts'
import { assetText } from '../../asset-text.ts'
import { formatBytes, formatMoment } from '../../lib/format.ts'
import { text } from '../../text.ts'

const words = assetText.asset.detail

/** What the service knows of an asset. */
export function Details({ asset }: { asset: Asset }) {
  const { lock, owner } = asset
  const rows: [name: string, value: ComponentChildren][] = [
    [words.owner, owner?.username],
    [words.access, assetText.asset.accesses[asset.access]],
    [words.visibility, text.gallery.values[asset.visibility]],
    [words.media, text.gallery.values[asset.media]],
    [words.type, text.gallery.values[asset.type] ?? asset.type],
    [words.size, `${formatBytes(asset.size)} (${asset.size.toLocaleString('en')} B)`],
    [words.files, asset.fileCount.toLocaleString('en')],
    [words.downloads, asset.downloads.toLocaleString('en')],
    [words.lock, lock ? lockOf(lock) : null],
    [words.created, formatMoment(asset.createdAt)],
    [words.updated, formatMoment(asset.updatedAt)],
    [words.version, asset.version.toLocaleString('en')],
    [words.id, <code class="mono">{asset.id}</code>],
  ]
  return (
    <dl class="details-list">
      {rows.map(
        ([name, value]) =>
          value && [<dt key={`${name} term`}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>],
      )}
    </dl>
  )
}

function lockOf({ mode, until, legalHold }: NonNullable<Asset['lock']>): string {
  const parts = [
    mode && until && assetText.asset.lockUntil(assetText.asset.lockModes[mode], formatMoment(until)),
    legalHold && assetText.asset.legalHold,
  ]
  return parts.filter(Boolean).join(' · ')
}
