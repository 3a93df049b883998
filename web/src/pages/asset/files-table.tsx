import check from 'lucide-static/icons/check.svg'
import copy from 'lucide-static/icons/copy.svg'
import downloadIcon from 'lucide-static/icons/download.svg'
import eye from 'lucide-static/icons/eye.svg'
import { useState } from 'preact/hooks'
import type { Asset, AssetFile } from '../../api/client.ts'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { More, usePart } from '../../design/more.tsx'
import { tell } from '../../design/toast.tsx'
import { formatBytes } from '../../lib/format.ts'
import { text } from '../../text.ts'
import { kindOf } from '../../viewer/kinds.ts'
import { downloadFile } from './download.ts'

interface Props {
  asset: Asset
  shown: string | null
  onView: (fileId: string) => void
}

/** The files of an asset. */
export function FilesTable({ asset, shown, onView }: Props) {
  const { part, more } = usePart(asset.files)
  return (
    <>
      <table class="files-table">
        <thead>
          <tr>
            <th scope="col">{text.gallery.files(asset.fileCount)}</th>
            <th scope="col">
              <span class="hidden-text">{assetText.asset.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {part.map((file) => (
            <Row key={file.id} asset={asset} file={file} isShown={file.id === shown} onView={onView} />
          ))}
        </tbody>
      </table>
      <More list={more} />
    </>
  )
}

interface RowProps extends Pick<Props, 'asset' | 'onView'> {
  file: AssetFile
  isShown: boolean
}

function Row({ asset, file, isShown, onView }: RowProps) {
  const [isCopied, setCopied] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    try {
      await downloadFile(asset.id, file.id)
    } catch (error) {
      tell(toError(error).message)
    }
    setBusy(false)
  }
  const copySum = async () => {
    try {
      await navigator.clipboard.writeText(file.sha256)
      setCopied(true)
      tell(assetText.asset.copied)
    } catch {
      // the clipboard needs HTTPS and a permission
      tell(file.sha256)
    }
  }
  return (
    <tr aria-current={isShown ? 'true' : undefined}>
      <td>
        <p class="file-name" dir="auto">
          {file.name}
        </p>
        <p class="file-facts">
          {formatBytes(file.size)} · {file.mediaType}
        </p>
      </td>
      <td class="file-actions">
        <div>
          {kindOf(file) && !(isShown && asset.files.length === 1) && (
            <Button
              variant="ghost"
              square
              icon={eye}
              aria-pressed={isShown}
              aria-label={assetText.asset.viewFile(file.name)}
              onClick={() => onView(file.id)}
            >
              {assetText.asset.view}
            </Button>
          )}
          <Button
            variant="ghost"
            square
            icon={isCopied ? check : copy}
            aria-label={assetText.asset.copySumOf(file.name)}
            onClick={copySum}
          >
            {assetText.asset.copySum}
          </Button>
          <Button
            variant="ghost"
            square
            icon={downloadIcon}
            busy={isBusy}
            aria-label={assetText.asset.downloadFile(file.name)}
            onClick={download}
          >
            {assetText.asset.download}
          </Button>
        </div>
      </td>
    </tr>
  )
}
