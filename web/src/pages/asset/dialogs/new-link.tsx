import copyIcon from 'lucide-static/icons/copy.svg'
import { useEffect, useRef } from 'preact/hooks'
import { at } from '../../../base.ts'
import { Button } from '../../../design/button.tsx'
import { TextField } from '../../../design/field.tsx'
import { tell } from '../../../design/toast.tsx'
import { shareText } from '../../../share-text.ts'

/** Shows the address of a new link. The service tells its token only once. */
export function NewLink({ token }: { token: string }) {
  const place = useRef<HTMLDivElement>(null)
  const address = `${location.origin}${at(`/s/${token}`)}`
  useEffect(() => place.current?.querySelector('input')?.select(), [])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address)
      tell(shareText.link.copied)
    } catch {
      // without HTTPS there is no clipboard
      place.current?.querySelector('input')?.select()
      tell(document.execCommand('copy') ? shareText.link.copied : shareText.link.notCopied)
    }
  }
  return (
    <div class="notice" role="status">
      <div class="new-link" ref={place}>
        <TextField
          label={shareText.link.address}
          hint={shareText.link.once}
          value={address}
          readOnly
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <Button icon={copyIcon} onClick={copy}>
          {shareText.link.copy}
        </Button>
      </div>
    </div>
  )
}
