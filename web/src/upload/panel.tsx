import down from 'lucide-static/icons/chevron-down.svg'
import up from 'lucide-static/icons/chevron-up.svg'
import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { useSession } from '../api/session.ts'
import { at } from '../base.ts'
import { Button, ButtonLink } from '../design/button.tsx'
import { pageText } from '../page-text.ts'
import { FolderQuestion } from './folder-question.tsx'
import { intake } from './intake.ts'
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
    void openQueue().then((opened) => {
      opened.setAccount(account?.id ?? null)
      if (account) return intake.takeEarly()
    })
  }, [account?.id])
  useEffect(() => {
    // the page leaves space for the panel, so that it covers nothing that cannot be scrolled to
    if (isShown) document.documentElement.dataset.uploads = isOpen ? 'open' : 'closed'
    else delete document.documentElement.dataset.uploads
  }, [isShown, isOpen])

  return (
    <>
      <FolderQuestion />
      {isShown && queue && (
        <aside class="upload-panel panel" aria-label={pageText.upload.panel}>
          <div class="head">
            <SummaryLine summary={summary} count={items.length} />
            <Button
              variant="ghost"
              square
              icon={isOpen ? down : up}
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              {isOpen ? pageText.upload.close : pageText.upload.open}
            </Button>
          </div>
          {isOpen && (
            <>
              <UploadList queue={queue} items={items} />
              <div class="ending">
                <QueueButtons queue={queue} items={items} />
                <ButtonLink variant="ghost" href={at('/upload')}>
                  {pageText.upload.toPage}
                </ButtonLink>
              </div>
            </>
          )}
        </aside>
      )}
    </>
  )
}
