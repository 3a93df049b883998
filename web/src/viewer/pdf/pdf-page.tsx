import { type PDFDocumentProxy, type RenderTask, TextLayer } from 'pdfjs-dist'
import { useEffect, useRef, useState } from 'preact/hooks'
import { assetText } from '../../asset-text.ts'

/** Most pixels of a page. A page at a higher zoom is drawn with fewer and stretched. */
const MAX_PIXELS = 16_000_000

interface Props {
  document: PDFDocumentProxy
  number: number
  /** In CSS pixels. */
  width: number
  /** Height by width, as long as the page has not been read. */
  ratio: number
  /** Whether its text is there too while it is far from the window, so that the browser finds it. */
  isSearched: boolean
  onSeen: (number: number) => void
  onDrawn: () => void
}

/**
 * A page of a PDF: drawn while it is near the window, else an empty sheet of its size. Its text lies on the picture unseen,
 * so that it can be selected, found and read aloud.
 */
export function PdfPage({ document: pdf, number, width, ratio, isSearched, onSeen, onDrawn }: Props) {
  const sheet = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isNear, setNear] = useState(false)
  const [size, setSize] = useState({ width: 1, height: ratio })
  useEffect(() => {
    const element = sheet.current
    if (!element) return
    const root = element.parentElement
    const near = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      root,
      rootMargin: '100% 0px',
    })
    const middle = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen(number), {
      root,
      rootMargin: '-49% 0px -49% 0px',
    })
    near.observe(element)
    middle.observe(element)
    return () => {
      near.disconnect()
      middle.disconnect()
    }
  }, [])
  useEffect(() => {
    if (!isNear) return
    let task: RenderTask | null = null
    let isLeft = false
    const draw = async () => {
      const page = await pdf.getPage(number)
      const element = canvas.current
      if (isLeft || !element) return
      const whole = page.getViewport({ scale: 1 })
      const sharp = Math.min(2, devicePixelRatio) * (width / whole.width)
      const scale = Math.min(sharp, Math.sqrt(MAX_PIXELS / (whole.width * whole.height)))
      const viewport = page.getViewport({ scale })
      element.width = Math.max(1, Math.floor(viewport.width))
      element.height = Math.max(1, Math.floor(viewport.height))
      setSize(whole)
      task = page.render({ canvas: element, viewport })
      await task.promise
      onDrawn()
    }
    // a page that cannot be drawn stays empty; leaving it cancels what is being drawn
    draw().catch(() => undefined)
    return () => {
      isLeft = true
      task?.cancel()
    }
  }, [isNear, width])
  return (
    <div
      class="sheet"
      ref={sheet}
      style={{ width: `${width}px`, height: `${(width * size.height) / size.width}px` }}
    >
      {isNear && <canvas ref={canvas} role="img" aria-label={assetText.viewer.pageNumber(number)} />}
      {(isNear || isSearched) && <PageText document={pdf} number={number} width={width} />}
    </div>
  )
}

/** The text of a page, each line where the picture of the page has it. */
function PageText({ document: pdf, number, width }: Pick<Props, 'document' | 'number' | 'width'>) {
  const place = useRef<HTMLDivElement>(null)
  const [pageWidth, setPageWidth] = useState(width)
  useEffect(() => {
    let layer: TextLayer | null = null
    let isLeft = false
    const read = async () => {
      const page = await pdf.getPage(number)
      const textContentSource = await page.getTextContent()
      const container = place.current
      if (isLeft || !container) return
      const viewport = page.getViewport({ scale: 1 })
      setPageWidth(viewport.width)
      layer = new TextLayer({ textContentSource, container, viewport })
      await layer.render()
    }
    // a page without its text is still seen
    read().catch(() => undefined)
    return () => {
      isLeft = true
      layer?.cancel()
    }
  }, [])
  return <div class="sheet-text" ref={place} style={{ '--total-scale-factor': String(width / pageWidth) }} />
}
