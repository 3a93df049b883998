import eye from 'lucide-static/icons/eye.svg'
import tag from 'lucide-static/icons/tag.svg'
import trash from 'lucide-static/icons/trash-2.svg'
import close from 'lucide-static/icons/x.svg'
import { Button } from '../../design/button.tsx'
import { galleryText } from '../../gallery-text.ts'
import { type Asked, BulkDialog, type BulkProps } from './bulk-dialog.tsx'

interface Props extends Pick<BulkProps, 'items' | 'onDone'> {
  onClear: () => void
  /** The open dialog. */
  asked: Asked | null
  onAsk: (asked: Asked | null) => void
}

const ICONS = { tag, visibility: eye, delete: trash }

/** What can be done with the chosen assets. */
export function SelectionBar({ items, asked, onAsk, onClear, onDone }: Props) {
  return (
    <>
      <div class="selection" role="toolbar" aria-label={galleryText.selection.title}>
        <Button variant="ghost" square icon={close} onClick={onClear}>
          {galleryText.selection.clear}
        </Button>
        <strong>{galleryText.selection.count(items.length)}</strong>
        {(['tag', 'visibility', 'delete'] as const).map((name) => (
          <Button key={name} icon={ICONS[name]} onClick={() => onAsk(name)}>
            {galleryText.selection[name]}
          </Button>
        ))}
      </div>
      {asked && <BulkDialog asked={asked} items={items} onDone={onDone} onClose={() => onAsk(null)} />}
    </>
  )
}
