import downloadIcon from 'lucide-static/icons/download.svg'
import fileIcon from 'lucide-static/icons/file-x.svg'
import { useState } from 'preact/hooks'
import { toError } from '../api/errors.ts'
import { assetText } from '../asset-text.ts'
import { Button } from '../design/button.tsx'
import type { Shapes } from '../design/icon.tsx'
import { State } from '../design/states.tsx'
import { tell } from '../design/toast.tsx'
import { text } from '../text.ts'
import type { FileProps } from './viewer.tsx'

interface Props extends Pick<FileProps, 'file'> {
  onDownload: FileProps['onDownload'] | undefined
  icon?: Shapes
  title?: string
  reason: string
  onRetry?: () => void
}

/** Says why a file is not shown, and offers to download it. */
export function Unshown({
  file,
  onDownload,
  icon = fileIcon,
  title = assetText.viewer.none,
  reason,
  onRetry,
}: Props) {
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    await onDownload?.(file.id).catch((error) => tell(toError(error).message))
    setBusy(false)
  }
  return (
    <div role="alert">
      <State icon={icon} title={title}>
        <p>{reason}</p>
        <div class="actions">
          {onRetry && <Button onClick={onRetry}>{text.errors.retry}</Button>}
          {onDownload && (
            <Button variant="primary" icon={downloadIcon} busy={isBusy} onClick={download}>
              {assetText.asset.download}
            </Button>
          )}
        </div>
      </State>
    </div>
  )
}
