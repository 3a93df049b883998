import { useMutation } from '@tanstack/preact-query'
import filesIcon from 'lucide-static/icons/files.svg'
import folderIcon from 'lucide-static/icons/folder.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { readAsset } from '../../../api/assets.ts'
import { ApiError } from '../../../api/errors.ts'
import { sendBody } from '../../../api/send-body.ts'
import { Button } from '../../../design/button.tsx'
import { Dialog } from '../../../design/dialog.tsx'
import { Icon, type Shapes } from '../../../design/icon.tsx'
import { Notice } from '../../../design/states.tsx'
import { tell } from '../../../design/toast.tsx'
import { formatBytes } from '../../../lib/format.ts'
import { MAX_FILES } from '../../../lib/limits.ts'
import { shareText } from '../../../share-text.ts'
import { text } from '../../../text.ts'
import type { DialogProps } from '../actions.tsx'
import { afterChange } from './after-change.ts'
import { LockedNotice } from './locked-notice.tsx'

/** Names of files that are shown. */
const SHOWN = 6

const sizeOf = (files: File[]) => files.reduce((sum, { size }) => sum + size, 0)

/** Replaces all files of an asset by chosen ones. */
export function ReplaceDialog({ asset, etag, onClose }: DialogProps) {
  const [files, setFiles] = useState<File[]>([])
  const [sent, setSent] = useState({ loaded: 0, total: 1 })
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const { mutate, isPending, error } = useMutation({
    // the files are a parameter, because `useMutation` takes the function of a rendering only after the paint
    async mutationFn({ version, chosen }: { version: string; chosen: File[] }) {
      stop.current = new AbortController()
      setSent({ loaded: 0, total: 1 })
      const body = new FormData()
      // the path below a chosen folder; the folder itself is no part of it
      for (const file of chosen)
        body.append('files', file, file.webkitRelativePath.replace(/^[^/]*\//, '') || file.name)
      await sendBody({
        method: 'PUT',
        path: `/api/assets/${asset.id}/files`,
        body,
        headers: { 'If-Match': version },
        signal: stop.current.signal,
        onProgress: (loaded, total) => setSent({ loaded, total: Math.max(1, total) }),
      })
    },
    async onSuccess() {
      await afterChange(asset)
      tell(shareText.replace.done)
      onClose()
    },
  })
  const isConflict = error instanceof ApiError && error.code === 'version_conflict'
  const isStopped = error instanceof DOMException
  const isTooMany = files.length > MAX_FILES
  // a conflict was shown to the user, who now replaces what is there
  const submit = async () =>
    mutate({ version: isConflict ? (await readAsset(asset.id)).etag : etag, chosen: files })
  if (asset.lock)
    return (
      <Dialog title={shareText.replace.title} onClose={onClose}>
        <LockedNotice asset={asset} />
        <div class="actions">
          <Button onClick={onClose}>{text.close}</Button>
        </div>
      </Dialog>
    )
  return (
    <Dialog title={shareText.replace.title} onClose={() => !isPending && onClose()}>
      <p class="soft">{shareText.replace.hint}</p>
      <p class="soft">{shareText.replace.now(asset.fileCount, formatBytes(asset.size))}</p>
      {!isPending && <Picker onChoose={setFiles} />}
      {files.length > 0 && (
        <div class="chosen-files" role="status">
          <strong>{shareText.replace.chosen(files.length, formatBytes(sizeOf(files)))}</strong>
          <ul>
            {files.slice(0, SHOWN).map((file) => (
              <li key={file.webkitRelativePath || file.name}>
                <span>{file.name}</span>
                <span class="soft">{formatBytes(file.size)}</span>
              </li>
            ))}
          </ul>
          {files.length > SHOWN && <p class="soft">{shareText.replace.more(files.length - SHOWN)}</p>}
        </div>
      )}
      {isTooMany && <Notice kind="danger">{shareText.replace.tooMany}</Notice>}
      {isPending && (
        <progress class="bar" max={sent.total} value={sent.loaded} aria-label={shareText.replace.progress} />
      )}
      {error && !isStopped && (
        <Notice kind="danger">{isConflict ? shareText.replace.conflict : error.message}</Notice>
      )}
      <div class="actions">
        <Button onClick={isPending ? () => stop.current.abort() : onClose}>
          {isPending ? shareText.replace.stop : text.cancel}
        </Button>
        <Button
          variant="primary"
          busy={isPending}
          disabled={files.length === 0 || isTooMany}
          onClick={submit}
        >
          {isConflict ? shareText.replace.again : shareText.replace.replace}
        </Button>
      </div>
    </Dialog>
  )
}

/** Takes files from a file chooser, a folder chooser or a drop. */
function Picker({ onChoose }: { onChoose: (files: File[]) => void }) {
  const take = (list: FileList | null | undefined) => list && list.length > 0 && onChoose([...list])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same by keyboard
    <div
      class="drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        take(event.dataTransfer?.files)
      }}
    >
      <Chooser icon={filesIcon} label={shareText.replace.choose} onTake={take} />
      <Chooser icon={folderIcon} label={shareText.replace.chooseFolder} isFolder onTake={take} />
      <p class="soft">{shareText.replace.drop}</p>
    </div>
  )
}

interface ChooserProps {
  icon: Shapes
  label: string
  isFolder?: boolean
  onTake: (files: FileList | null) => void
}

function Chooser({ icon, label, isFolder = false, onTake }: ChooserProps) {
  return (
    <label class="button chooser">
      <Icon shapes={icon} size={18} />
      {label}
      <input
        type="file"
        multiple
        {...(isFolder && { webkitdirectory: true })}
        onChange={({ currentTarget }) => onTake(currentTarget.files)}
      />
    </label>
  )
}
