import cMaps from 'folder:pdfjs-dist/cmaps'
import fonts from 'folder:pdfjs-dist/standard_fonts'
import decoders from 'folder:pdfjs-dist/wasm'
import worker from 'worker:pdf'
import { GlobalWorkerOptions, getDocument, type PDFDocumentLoadingTask } from 'pdfjs-dist'

const urlOf = (name: string) => new URL(name, import.meta.url).href

GlobalWorkerOptions.workerSrc = urlOf(worker)

/** What pdfjs asks for: encodings of Chinese, Japanese and Korean, fonts that a PDF does not contain, and decoders. */
const FILES: Record<string, string> = { ...cMaps, ...fonts, ...decoders }

/** Gives pdfjs its files. Their names have a hash in this build, so that it cannot find them by a folder. */
class OwnFiles {
  async fetch({ filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const file = Object.hasOwn(FILES, filename) && FILES[filename]
    if (!file) throw new Error(`${filename} is not in this build`)
    return new Uint8Array(await (await fetch(urlOf(file))).arrayBuffer())
  }
}

/** Most pixels of a picture in a PDF that is drawn. */
const MAX_IMAGE_PIXELS = 100_000_000

/** Opens a PDF. Its scripts and forms do not run, and it loads nothing from elsewhere. */
export const openPdf = (url: string): PDFDocumentLoadingTask =>
  getDocument({
    url: new URL(url, location.href).href,
    isEvalSupported: false,
    enableXfa: false,
    useWorkerFetch: false,
    BinaryDataFactory: OwnFiles,
    maxImageSize: MAX_IMAGE_PIXELS,
    // pages are read when they are shown
    disableAutoFetch: true,
    disableStream: true,
  })
