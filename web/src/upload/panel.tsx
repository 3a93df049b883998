import down from 'lucide-static/icons/chevron-down.svg'
import up from 'lucide-static/icons/chevron-up.svg'
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { beforeSignOut } from '../api/account.ts'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { Button, ButtonLink } from '../design/button.tsx'
import { uploadText } from '../upload-text.ts'
import { FolderQuestion } from './folder-question.tsx'
import { intake } from './intake.ts'
import { LeaveQuestion } from './leave-question.tsx'
import { leaving } from './leaving.ts'
import { QueueButtons, SummaryLine, UploadList } from './list.tsx'
import { openQueue } from './uploads.ts'
import { useSummary, useUploads } from './use-uploads.ts'

/** Runs the queue for who is signed in, and shows it at the edge of every page but the upload page. */
export default function UploadPanel() {
  const { account } = useSession()
  const { path } = useLocation()
  const { queue, items } = useUploads()
  const [isOpen, setOpen] = useState(false)
  const summary = useSummary(items)
  const isShown = items.length > 0 && path !== at('/upload')

  useEffect(() => {
    void openQueue().then(() => account && intake.takeEarly())
  }, [account?.id])
  // without another script: the question must be asked without a connection too
  useEffect(() => beforeSignOut(() => leaving.leave(true)), [])
  const panel = useRef<HTMLElement>(null)
  useSpaceFor(panel, isShown && queue !== null, isOpen)

  return (
    <>
      <FolderQuestion />
      <LeaveQuestion />
      {isShown && queue && (
        <aside ref={panel} class="upload-panel panel" aria-label={uploadText.panel}>
          <div class="head">
            <SummaryLine summary={summary} count={items.length} />
            <Button
              variant="ghost"
              square
              icon={isOpen ? down : up}
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              {isOpen ? uploadText.close : uploadText.open}
            </Button>
          </div>
          {isOpen && (
            <>
              <UploadList queue={queue} items={items} />
              <div class="ending">
                <QueueButtons queue={queue} items={items} />
                <ButtonLink variant="ghost" href={at('/upload')}>
                  {uploadText.toPage}
                </ButtonLink>
              </div>
            </>
          )}
        </aside>
      )}
    </>
  )
}

/** Leaves space for the panel below the page, so that it covers nothing that cannot be scrolled to. */
function useSpaceFor(panel: RefObject<HTMLElement>, isShown: boolean, isOpen: boolean): void {
  useEffect(() => {
    const { dataset, style } = document.documentElement
    if (!isShown || !panel.current) return
    dataset.uploads = isOpen ? 'open' : 'closed'
    const measure = new ResizeObserver(([entry]) => {
      style.setProperty('--uploads-height', `${entry?.borderBoxSize[0]?.blockSize ?? 0}px`)
    })
    measure.observe(panel.current)
    return () => {
      measure.disconnect()
      delete dataset.uploads
    }
  }, [isShown, isOpen])
}
