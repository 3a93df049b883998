import lockIcon from 'lucide-static/icons/lock.svg'
import edit from 'lucide-static/icons/pencil.svg'
import replace from 'lucide-static/icons/replace.svg'
import share from 'lucide-static/icons/share-2.svg'
import trash from 'lucide-static/icons/trash-2.svg'
import { useState } from 'preact/hooks'
import type { Asset } from '../../api/client.ts'
import { Button } from '../../design/button.tsx'
import type { Shapes } from '../../design/icon.tsx'
import { shareText } from '../../share-text.ts'
import { DeleteDialog } from './dialogs/delete-dialog.tsx'
import { EditDialog } from './dialogs/edit-dialog.tsx'
import { LockDialog } from './dialogs/lock-dialog.tsx'
import { ReplaceDialog } from './dialogs/replace-dialog.tsx'
import { ShareDialog } from './dialogs/share-dialog.tsx'

interface Props {
  asset: Asset
  /** Of the answer that `asset` came with; a change sends it as `If-Match`. */
  etag: string
}

export type DialogProps = Props & { onClose: () => void }

const DIALOGS = {
  edit: EditDialog,
  share: ShareDialog,
  lock: LockDialog,
  replace: ReplaceDialog,
  delete: DeleteDialog,
}
type Name = keyof typeof DIALOGS

const ICONS: Record<Name, Shapes> = { edit, share, lock: lockIcon, replace, delete: trash }

/** What each access allows. */
const ALLOWED: Record<Asset['access'], Name[]> = {
  owner: ['edit', 'share', 'replace', 'lock', 'delete'],
  write: ['edit', 'replace'],
  read: [],
}

/** What can be done with the asset, below its name. */
export function AssetActions({ asset, etag }: Props) {
  const [opened, open] = useState<Name | null>(null)
  if (ALLOWED[asset.access].length === 0) return null
  const Opened = opened && DIALOGS[opened]
  return (
    <div class="asset-actions">
      {ALLOWED[asset.access].map((name) => (
        <Button key={name} icon={ICONS[name]} aria-haspopup="dialog" onClick={() => open(name)}>
          {shareText[name].open}
        </Button>
      ))}
      {Opened && <Opened asset={asset} etag={etag} onClose={() => open(null)} />}
    </div>
  )
}
