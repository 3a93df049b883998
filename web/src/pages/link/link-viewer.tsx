import eye from 'lucide-static/icons/eye.svg'
import fileIcon from 'lucide-static/icons/file.svg'
import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { Icon } from '../../design/icon.tsx'
import { formatBytes } from '../../lib/format.ts'
import { shareText } from '../../share-text.ts'
import { chooseFile, kindOf } from '../../viewer/kinds.ts'
import { Viewer } from '../../viewer/viewer.tsx'

interface Props {
  asset: Asset
  /** Reads signed URLs again. */
  renew?: () => Promise<unknown>
}

/**
 * Shows a preview picture, and the file itself after a click: reading a file can use one of the downloads of the link,
 * pictures use none.
 */
export function LinkViewer({ asset, renew }: Props) {
  const [isOpen, setOpen] = useState(false)
  const [chosen, choose] = useState<string | null>(null)
  const { files, images, thumbnail } = asset
  const first = chooseFile(files)
  if (isOpen)
    return (
      <Viewer
        files={files}
        shown={files.find(({ id }) => id === chosen) ?? first}
        onChoose={choose}
        {...(renew && { renew })}
      />
    )
  const picture = images[0]?.url ?? thumbnail
  return (
    <section class="stage" aria-label={assetText.viewer.title}>
      <div class="link-poster">
        {picture ? <img src={picture} alt="" /> : <Icon shapes={fileIcon} size={72} />}
        {first && kindOf(first) ? (
          <div class="link-open">
            <Button icon={eye} variant="primary" onClick={() => setOpen(true)}>
              {shareText.linkPage.view(formatBytes(first.size))}
            </Button>
            <p>{shareText.linkPage.viewHint}</p>
          </div>
        ) : (
          <p class="link-open">{assetText.viewer.noneHint}</p>
        )}
      </div>
    </section>
  )
}
