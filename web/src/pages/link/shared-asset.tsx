import downloadIcon from 'lucide-static/icons/download.svg'
import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { at } from '../../base.ts'
import { ButtonLink } from '../../design/button.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { formatBytes } from '../../lib/format.ts'
import { shareText } from '../../share-text.ts'
import { text } from '../../text.ts'
import { saveBytes } from './fetch-bytes.ts'
import { LinkViewer } from './link-viewer.tsx'

interface Props {
  token: string
  asset: Asset
  /** null: the link has none. */
  password: string | null
}

/** A shared asset: what it looks like, its files and their download. */
export function SharedAsset({ token, asset, password }: Props) {
  const [chosen, choose] = useState<string | null>(null)
  const [only] = asset.files
  const isZip = asset.files.length !== 1
  const name = isZip ? `${asset.name}.zip` : (only?.name ?? asset.name)
  return (
    <>
      <div class="stage-place">
        <LinkViewer asset={asset} password={password} chosen={chosen} onChoose={choose} />
      </div>
      <div class="about">
        <div class="title">
          <h1>{asset.name}</h1>
          <p class="facts">
            <span>{text.gallery.files(asset.fileCount)}</span>
            <span>{formatBytes(asset.size)}</span>
            {asset.license && <span>{asset.license}</span>}
          </p>
        </div>
        {only && (
          <Download
            url={at(`/api/links/${encodeURIComponent(token)}/download`)}
            {...{ name, password, size: asset.size, isMain: true }}
          >
            {assetText.asset.download}
          </Download>
        )}
        {isZip && only && <p class="soft">{shareText.linkPage.zip}</p>}
        {!only && <Notice>{assetText.viewer.empty}</Notice>}
        {asset.description && <p class="description">{asset.description}</p>}
        <ul class="link-files" aria-label={assetText.asset.files}>
          {asset.files.map((file) => (
            <li key={file.id}>
              <span class="file-name">{file.name}</span>
              <span class="soft">{formatBytes(file.size)}</span>
              {isZip && (
                <Download url={`${file.url}?download=1`} {...{ name: file.name, password, size: file.size }}>
                  {shareText.linkPage.downloadFile(file.name)}
                </Download>
              )}
            </li>
          ))}
        </ul>
      </div>
    </>
  )
}

interface DownloadProps {
  url: string
  name: string
  size: number
  password: string | null
  /** Whether it is the download of the page; else of one file, by an icon. */
  isMain?: boolean
  children: string
}

/** A link that downloads. With a password the page itself reads the bytes, because an address has no header. */
function Download({ url, name, size, password, isMain = false, children }: DownloadProps) {
  const [isBusy, setBusy] = useState(false)
  const save = async (event: MouseEvent) => {
    if (password === null) return
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    try {
      await saveBytes(url, password, name, size)
    } catch (error) {
      if (!(error instanceof DOMException)) tell(toError(error).message)
    }
    setBusy(false)
  }
  return (
    <ButtonLink
      variant={isMain ? 'primary' : 'ghost'}
      square={!isMain}
      wide={isMain}
      icon={downloadIcon}
      href={url}
      download={name}
      aria-disabled={isBusy}
      onClick={save}
    >
      {children}
    </ButtonLink>
  )
}
