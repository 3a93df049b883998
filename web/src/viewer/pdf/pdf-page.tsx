import type { PDFDocumentProxy, RenderTask } from 'pdfjs-dist'
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
  onSeen: (number: number) => void
}

/** A page of a PDF: drawn while it is near the window, else an empty sheet of its size. */
export function PdfPage({ document: pdf, number, width, ratio, onSeen }: Props) {
  const sheet = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isNear, setNear] = useState(false)
  const [ownRatio, setOwnRatio] = useState(ratio)
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
      setOwnRatio(whole.height / whole.width)
      task = page.render({ canvas: element, viewport })
      await task.promise
    }
    // a page that cannot be drawn stays empty; leaving it cancels what is being drawn
    draw().catch(() => undefined)
    return () => {
      isLeft = true
      task?.cancel()
    }
  }, [isNear, width])
  return (
    <div class="sheet" ref={sheet} style={{ width: `${width}px`, height: `${width * ownRatio}px` }}>
      {isNear && <canvas ref={canvas} role="img" aria-label={assetText.viewer.pageNumber(number)} />}
    </div>
  )
}
