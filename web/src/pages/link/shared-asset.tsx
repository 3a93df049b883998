import downloadIcon from 'lucide-static/icons/download.svg'
import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { at } from '../../base.ts'
import { ButtonLink } from '../../design/button.tsx'
import { More, usePart } from '../../design/more.tsx'
import { Notice } from '../../design/states.tsx'
import { tell } from '../../design/toast.tsx'
import { formatBytes } from '../../lib/format.ts'
import { shareText } from '../../share-text.ts'
import { text } from '../../text.ts'
import { LinkViewer } from './link-viewer.tsx'
import { signDownload } from './use-link.ts'

interface Props {
  token: string
  asset: Asset
  /** null: the link has none. */
  password: string | null
  /** Reads the URLs of `asset` again. Left out if they are not signed. */
  renew?: () => Promise<unknown>
}

/** A shared asset: what it looks like, its files and their download. */
export function SharedAsset({ token, asset, password, renew }: Props) {
  const [only] = asset.files
  const { part, more } = usePart(asset.files)
  const isZip = asset.files.length !== 1
  const linkUrl = at(`/api/links/${encodeURIComponent(token)}`)
  /** Without a password an address of the link downloads by itself. */
  const signed = (what: Parameters<typeof signDownload>[2]) =>
    password === null ? {} : { sign: () => signDownload(token, password, what) }
  return (
    <>
      <div class="stage-place">
        <LinkViewer asset={asset} {...(renew && { renew })} />
      </div>
      <div class="about">
        <div class="title">
          <h1 dir="auto">{asset.name}</h1>
          <p class="facts">
            <span>{text.gallery.files(asset.fileCount)}</span>
            <span>{formatBytes(asset.size)}</span>
            {asset.license && <span>{asset.license}</span>}
          </p>
        </div>
        {only && (
          <Download url={`${linkUrl}/download`} isMain {...signed({ all: '1' })}>
            {assetText.asset.download}
          </Download>
        )}
        {isZip && only && <p class="soft">{shareText.linkPage.zip}</p>}
        {!only && <Notice>{assetText.viewer.empty}</Notice>}
        {asset.description && (
          <p class="description" dir="auto">
            {asset.description}
          </p>
        )}
        <ul class="link-files" aria-label={assetText.asset.files}>
          {part.map((file) => (
            <li key={file.id}>
              <span class="file-name" dir="auto">
                {file.name}
              </span>
              <span class="soft">{formatBytes(file.size)}</span>
              {isZip && (
                <Download url={`${linkUrl}/files/${file.id}?download=1`} {...signed({ file: file.id })}>
                  {shareText.linkPage.downloadFile(file.name)}
                </Download>
              )}
            </li>
          ))}
        </ul>
        <More list={more} />
      </div>
    </>
  )
}

interface DownloadProps {
  /** An address of the link, which works if the link has no password. */
  url: string
  /** Returns the address that works with the password. */
  sign?: () => Promise<string>
  /** Whether it is the download of the page; else of one file, by an icon. */
  isMain?: boolean
  children: string
}

/** A link that downloads. */
function Download({ url, sign, isMain = false, children }: DownloadProps) {
  const [isBusy, setBusy] = useState(false)
  const save = async (event: MouseEvent) => {
    if (!sign) return
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    try {
      // an attachment: the page stays
      location.assign(await sign())
    } catch (error) {
      tell(toError(error).message)
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
      download
      aria-disabled={isBusy}
      onClick={save}
    >
      {children}
    </ButtonLink>
  )
}
