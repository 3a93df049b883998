import lockIcon from 'lucide-static/icons/lock.svg'
import type { Asset } from '../../../api/client.ts'
import { Icon } from '../../../design/icon.tsx'
import { formatMoment } from '../../../lib/format.ts'
import { shareText } from '../../../share-text.ts'

/** Says why nobody can change the asset; nothing if they can. */
export function LockedNotice({ asset: { lock } }: { asset: Asset }) {
  if (!lock) return null
  return (
    <div class="notice">
      <Icon shapes={lockIcon} />
      <div>
        <strong>{shareText.locked.title}</strong>
        {lock.until && <p>{shareText.locked.until(formatMoment(lock.until))}</p>}
        {lock.legalHold && <p>{shareText.locked.hold}</p>}
      </div>
    </div>
  )
}
