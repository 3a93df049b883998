import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { tell } from '../../design/toast.tsx'
import { text } from '../../text.ts'
import { savePoster } from './poster.ts'

/** Returns what stores a picture of the viewer as the preview image, and the question before it replaces others. */
export function usePoster(asset: Asset | undefined) {
  const [answer, setAnswer] = useState<((replace: boolean) => void) | null>(null)
  const save = async (picture: Blob) => {
    if (!asset) return
    if (asset.images.length > 0) {
      const replaces = await new Promise<boolean>((resolve) => setAnswer(() => resolve))
      setAnswer(null)
      if (!replaces) return
    }
    await savePoster(asset, picture)
    tell(assetText.viewer.posterSaved)
  }
  const dialog = answer && asset && (
    <Dialog title={assetText.viewer.posterTitle} onClose={() => answer(false)}>
      <p class="soft">{assetText.viewer.posterHint(asset.images.length)}</p>
      <div class="actions">
        <Button onClick={() => answer(false)}>{text.cancel}</Button>
        <Button variant="primary" onClick={() => answer(true)}>
          {assetText.viewer.posterReplace}
        </Button>
      </div>
    </Dialog>
  )
  return { save, dialog }
}
