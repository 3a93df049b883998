import { type Candidate, type DetectedContent, document, image, model } from './candidate.ts'

/** Declarations, comments and the doctype that can precede the first element of an XML or HTML document. */
const PROLOG = /^(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^[>]*(?:\[.*?\]\s*)?>)/is
const ELEMENT = /^<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])/

const ROOTS: Readonly<Record<string, DetectedContent>> = {
  svg: image('image/svg+xml'),
  html: document('text/html'),
  collada: model('model/vnd.collada+xml'),
  x3d: model('model/x3d+xml'),
  amf: model('application/xml'),
}

/** Elements besides `html` that make a browser treat text as HTML (WHATWG MIME Sniffing §7.1). */
const HTML_ELEMENTS = 'head script iframe h1 div font table a style title b body br p'.split(' ')

/** Detects markup by its first element. Ignores the extension. */
export function byRootElement(file: Candidate): DetectedContent | undefined {
  const { content, root } = readRoot(file)
  if (root === undefined) return /^\s*<!DOCTYPE\s+html\b/i.test(content) ? ROOTS.html : undefined
  if (root === 'html' && isXhtml(file.extension, content)) return document('application/xhtml+xml')
  return Object.hasOwn(ROOTS, root) ? ROOTS[root] : undefined
}

/** Detects XML, and text that a browser would show as HTML. Use it after the extension. */
export function byAnyElement(file: Candidate): DetectedContent | undefined {
  const { content, root } = readRoot(file)
  if (/^\s*<\?xml\s/.test(content)) return document('application/xml')
  const page = /^\s*<!--/.test(content) || (root !== undefined && HTML_ELEMENTS.includes(root))
  return page ? ROOTS.html : undefined
}

function readRoot({ text }: Candidate): { content: string; root: string | undefined } {
  const content = text?.content ?? ''
  let rest = content
  for (let prolog = PROLOG.exec(rest); prolog !== null; prolog = PROLOG.exec(rest)) {
    rest = rest.slice(prolog[0].length)
  }
  return { content, root: ELEMENT.exec(rest)?.[1]?.toLowerCase() }
}

function isXhtml(extension: string, content: string): boolean {
  return /^xht(ml)?$/.test(extension) && content.includes('http://www.w3.org/1999/xhtml')
}
