import { Dialog } from '../design/dialog.tsx'
import { galleryText } from '../gallery-text.ts'
import { text } from '../text.ts'

/** Lists the keys that work beside those of the browser. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={text.shell.shortcuts} onClose={onClose}>
      <dl class="shortcuts">
        {galleryText.shortcuts.list.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>{meaning}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
