import { useMutation } from '@tanstack/preact-query'
import { api, ask } from '../../../api/client.ts'
import { Dialog } from '../../../design/dialog.tsx'
import { Switch } from '../../../design/field.tsx'
import { Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { shareText } from '../../../share-text.ts'
import type { DialogProps } from '../actions.tsx'
import { afterChange } from './after-change.ts'
import { Links } from './links.tsx'
import { People } from './people.tsx'

/** Who can see an asset: everybody, people with an account, and people with a link. */
export function ShareDialog({ asset, onClose }: DialogProps) {
  const isPublic = asset.visibility === 'public'
  const { mutate, isPending, variables, error } = useMutation({
    // One after the other: the last choice is the one that is stored.
    scope: { id: `visibility of ${asset.id}` },
    mutationFn: (visibility: 'public' | 'private') =>
      ask(
        api.PATCH('/api/assets/{assetId}', { params: { path: { assetId: asset.id } }, body: { visibility } }),
      ),
    async onSuccess(_, visibility) {
      await afterChange(asset)
      tell(visibility === 'public' ? shareText.share.nowPublic : shareText.share.nowPrivate)
    },
  })
  return (
    <Dialog title={shareText.share.title} onClose={onClose}>
      <Switch
        label={shareText.share.public}
        hint={isPublic ? shareText.share.publicHint : shareText.share.privateHint}
        checked={isPending ? variables === 'public' : isPublic}
        onChange={({ currentTarget }) => mutate(currentTarget.checked ? 'public' : 'private')}
      />
      {error && <Notice kind="danger">{error.message}</Notice>}
      <People assetId={asset.id} />
      <Links assetId={asset.id} />
    </Dialog>
  )
}
