import { useMutation } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { api, ask } from '../../../api/client.ts'
import { ApiError } from '../../../api/errors.ts'
import { queries } from '../../../api/query.ts'
import { at } from '../../../base.ts'
import { Button } from '../../../design/button.tsx'
import { Dialog } from '../../../design/dialog.tsx'
import { Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { shareText } from '../../../share-text.ts'
import { text } from '../../../text.ts'
import type { DialogProps } from '../actions.tsx'
import { LockedNotice } from './locked-notice.tsx'

/** Asks before an asset is deleted. There is no trash yet: a trash changes the button and the hint. */
export function DeleteDialog({ asset, onClose }: DialogProps) {
  const { route } = useLocation()
  const { mutate, isPending, error } = useMutation({
    mutationFn: (force: boolean) =>
      ask(
        api.DELETE('/api/assets/{assetId}', {
          params: { path: { assetId: asset.id }, query: force ? { force: '1' } : {} },
        }),
      ),
    async onSuccess() {
      tell(shareText.delete.done(asset.name))
      onClose()
      route(at('/'))
      queries.removeQueries({ queryKey: ['asset', asset.id] })
      await queries.invalidateQueries({ queryKey: ['assets'] })
    },
  })
  // without force the service refuses to delete what a project uses
  const isUsed = error instanceof ApiError && error.code === 'conflict'
  return (
    <Dialog title={shareText.delete.title} onClose={onClose}>
      <p class="named">
        <strong>{asset.name}</strong>
      </p>
      {asset.lock ? (
        <LockedNotice asset={asset} />
      ) : (
        <p class="soft">{shareText.delete.hint(asset.fileCount)}</p>
      )}
      {error && <Notice kind="danger">{error.message}</Notice>}
      <div class="actions">
        <Button disabled={isPending} onClick={onClose}>
          {asset.lock ? text.close : text.cancel}
        </Button>
        {!asset.lock && (
          <Button variant="danger" busy={isPending} onClick={() => mutate(isUsed)}>
            {isUsed ? shareText.delete.evenIfUsed : shareText.delete.forever}
          </Button>
        )}
      </div>
    </Dialog>
  )
}
