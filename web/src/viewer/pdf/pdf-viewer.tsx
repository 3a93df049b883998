import widthIcon from 'lucide-static/icons/square-dashed.svg'
import zoomInIcon from 'lucide-static/icons/zoom-in.svg'
import zoomOutIcon from 'lucide-static/icons/zoom-out.svg'
import { type PDFDocumentProxy, TextLayer } from 'pdfjs-dist'
import { useEffect, useState } from 'preact/hooks'
import { toError } from '../../api/errors.ts'
import { assetText } from '../../asset-text.ts'
import { Button } from '../../design/button.tsx'
import { viewUrl } from '../bytes.ts'
import { Waiting } from '../lazy.tsx'
import { Tools, useStageKeys } from '../tools.tsx'
import { Unshown } from '../unshown.tsx'
import type { FileProps } from '../viewer.tsx'
import { openPdf } from './pdf.ts'
import { PdfPage } from './pdf-page.tsx'

const STEP = 1.25
const MIN_ZOOM = 0.25
const MAX_ZOOM = 6
/** Space around the pages, in CSS pixels. */
const MARGIN = 32
const WIDEST = 960
/** Longest PDF whose text is all in the page for the search of the browser. A longer one has that of the pages near. */
const MAX_SEARCHED_PAGES = 60

interface Opened {
  document: PDFDocumentProxy
  /** Of the first page, in points. Other pages are taken for the same until they are drawn. */
  width: number
  height: number
}

/** The pages of a PDF below each other. Only those near the window are drawn. */
export default function PdfViewer({ file, onDownload }: FileProps) {
  const [opened, setOpened] = useState<Opened | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const [attempt, setAttempt] = useState(0)
  const [zoom, setZoom] = useState(1)
  const [room, setRoom] = useState(0)
  const [page, setPage] = useState(1)
  // the text of other pages is read after a page is seen
  const [isDrawn, setDrawn] = useState(false)
  useEffect(() => {
    let isLeft = false
    setError(null)
    const task = openPdf(viewUrl(file))
    task.promise
      .then(async (document) => {
        const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 })
        if (!isLeft) setOpened({ document, width, height })
      })
      .catch((thrown) => !isLeft && setError(describe(thrown)))
    return () => {
      isLeft = true
      void task.destroy()
      TextLayer.cleanup()
    }
  }, [file.id, attempt])
  const by = (factor: number) => setZoom((now) => Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, now * factor)))
  const pages = useStageKeys<HTMLDivElement>({
    '+': () => by(STEP),
    '=': () => by(STEP),
    '-': () => by(1 / STEP),
    '0': () => setZoom(1),
  })
  useEffect(() => {
    const element = pages.current
    if (!element) return
    const observer = new ResizeObserver(() => setRoom(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const width = Math.max(120, Math.min(WIDEST, room - MARGIN) * zoom)
  const count = opened?.document.numPages ?? 0
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        class="pdf"
        role="group"
        aria-label={assetText.viewer.pdfKeys(file.name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls by keys
        tabIndex={0}
        ref={pages}
      >
        {error ? (
          <Unshown
            file={file}
            onDownload={onDownload}
            reason={error.message}
            onRetry={() => setAttempt(attempt + 1)}
          />
        ) : opened && room > 0 ? (
          Array.from({ length: count }, (_, index) => (
            <PdfPage
              key={index}
              document={opened.document}
              number={index + 1}
              width={width}
              ratio={opened.height / opened.width}
              isSearched={isDrawn && count <= MAX_SEARCHED_PAGES}
              onSeen={setPage}
              onDrawn={() => setDrawn(true)}
            />
          ))
        ) : (
          <Waiting />
        )}
      </div>
      <Tools>
        <Button variant="ghost" square icon={zoomOutIcon} onClick={() => by(1 / STEP)}>
          {assetText.viewer.zoomOut}
        </Button>
        <span class="zoom" role="status">
          {Math.round(zoom * 100)} %
        </span>
        <Button variant="ghost" square icon={zoomInIcon} onClick={() => by(STEP)}>
          {assetText.viewer.zoomIn}
        </Button>
        <Button variant="ghost" square icon={widthIcon} onClick={() => setZoom(1)}>
          {assetText.viewer.fitWidth}
        </Button>
        {opened && <span class="fact">{assetText.viewer.page(page, count)}</span>}
      </Tools>
    </>
  )
}

/** The errors of pdfjs are for programmers. */
function describe(thrown: unknown): Error {
  const { name } = toError(thrown)
  if (name === 'PasswordException') return new Error(assetText.viewer.pdfPassword)
  return new Error(name === 'ResponseException' ? assetText.viewer.pdfGone : assetText.viewer.pdfBroken)
}
