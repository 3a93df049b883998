import cloud from 'lucide-static/icons/cloud-upload.svg'
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { beforeSignOut } from '../api/account.ts'
import { at } from '../base.ts'
import { Icon } from '../design/icon.tsx'
import { loadStyles } from '../shell/lazy-page.tsx'
import { text } from '../text.ts'
import { hadUploads, leaveUploads } from './traces.ts'
import { readTransfer, type TransferItem } from './transfer.ts'

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false
/** A dialog can take files itself. */
const isTaken = (event: Event) => event.defaultPrevented || document.querySelector('dialog[open]') !== null

/**
 * Takes files that are dropped on any page or pasted into it, and shows the panel of the uploads. Everything that does
 * work is loaded when there is an upload.
 */
export function UploadDock() {
  const { path } = useLocation()
  const [isNeeded, setNeeded] = useState(hadUploads)
  const [isOver, setOver] = useState(false)
  const [Panel, setPanel] = useState<ComponentType | null>(null)
  const isWanted = isNeeded || path === at('/upload')

  useEffect(() => {
    if (isWanted)
      void Promise.all([import('./panel.tsx'), loadStyles()]).then(([part]) => setPanel(() => part.default))
  }, [isWanted])
  const take = async (items: TransferItem[]) => {
    setNeeded(true)
    const { takeTransfer } = await import('./take-transfer.ts')
    await takeTransfer(items)
  }
  useEffect(() => {
    beforeSignOut(async () => {
      // also uploads that only other windows show
      setNeeded(hadUploads())
      return leaveUploads(true)
    })
  }, [])
  useFileEvents(setOver, (items) => void take(items))
  return (
    <>
      {isOver && (
        <div class="drop-over" aria-hidden="true">
          <p>
            <Icon shapes={cloud} size={40} />
            {text.shell.dropAnywhere}
          </p>
        </div>
      )}
      {Panel && <Panel />}
    </>
  )
}

function useFileEvents(setOver: (isOver: boolean) => void, onFiles: (items: TransferItem[]) => void): void {
  const take = useRef(onFiles)
  take.current = onFiles
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!hasFiles(event) || isTaken(event)) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
      setOver(true)
    }
    const onLeave = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      setOver(false)
      if (!hasFiles(event) || isTaken(event) || !event.dataTransfer) return
      event.preventDefault()
      take.current(readTransfer(event.dataTransfer))
    }
    const onPaste = (event: ClipboardEvent) => {
      const { clipboardData, target } = event
      const isText = target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]')
      if (
        isTaken(event) ||
        !clipboardData?.files.length ||
        (isText && clipboardData.types.includes('text/plain'))
      )
        return
      event.preventDefault()
      take.current(readTransfer(clipboardData))
    }
    const end = new AbortController()
    const options = { signal: end.signal }
    addEventListener('dragenter', onDrag, options)
    addEventListener('dragover', onDrag, options)
    addEventListener('dragleave', onLeave, options)
    addEventListener('drop', onDrop, options)
    addEventListener('paste', onPaste, options)
    return () => end.abort()
  }, [])
}
