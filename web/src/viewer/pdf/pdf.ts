import worker from 'worker:pdf'
import { GlobalWorkerOptions, getDocument, type PDFDocumentLoadingTask } from 'pdfjs-dist'
import jbig2 from 'pdfjs-dist/wasm/jbig2.wasm'
import openjpeg from 'pdfjs-dist/wasm/openjpeg.wasm'
import qcms from 'pdfjs-dist/wasm/qcms_bg.wasm'

const urlOf = (name: string) => new URL(name, import.meta.url).href

GlobalWorkerOptions.workerSrc = urlOf(worker)

const DECODERS: Record<string, string> = {
  'jbig2.wasm': jbig2,
  'openjpeg.wasm': openjpeg,
  'qcms_bg.wasm': qcms,
}

/** Gives pdfjs its decoders. Their names have a hash in this build, so that it cannot find them by a folder. */
class Decoders {
  async fetch({ filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const decoder = DECODERS[filename]
    if (!decoder) throw new Error(`${filename} is not in this build`)
    return new Uint8Array(await (await fetch(urlOf(decoder))).arrayBuffer())
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
    BinaryDataFactory: Decoders,
    maxImageSize: MAX_IMAGE_PIXELS,
    // pages are read when they are shown
    disableAutoFetch: true,
    disableStream: true,
  })
