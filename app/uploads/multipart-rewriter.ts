import { randomUUID } from 'node:crypto'
import { malformedUpload, tooLarge } from '../errors.ts'
import { encodingOf, type PartHeader, readPartHeader, UNNAMED } from './part-header.ts'

/** Of the header of a part. */
const HEADER_BYTES = 8192
/** Of what stands before the first boundary, and after the last one. */
const OUTSIDE_BYTES = 8192
/** Blanks between a boundary and the end of its line. */
const PADDING_BYTES = 256
/** Parts of a body, those without content and file name included. */
const PARTS = 2000

const CRLF = Buffer.from('\r\n')
const HEADER_END = Buffer.from('\r\n\r\n')

interface Options {
  /** The boundary of the body that comes in. */
  boundary: string
  /** Returns the file field that a field name means; undefined: it is no file field. */
  fileField: (name: string) => string | undefined
  push: (bytes: Buffer | string) => void
}

type State = 'preamble' | 'boundary' | 'header' | 'content' | 'epilogue'

/**
 * Reads a multipart body strictly, in linear time, and writes it anew in its plainest form: a boundary that occurs
 * nowhere, a quoted field name, and for each file its place in `fileNames` as the file name.
 */
export class MultipartRewriter {
  /** The names of the files. The parser is given their places in this list. */
  readonly fileNames: string[] = []
  /** What the new body is, as a content type. */
  readonly contentType: string
  #state: State = 'preamble'
  /** Bytes that are not understood yet; the first line needs no line end before it. */
  #rest: Buffer = CRLF
  /** How many of `#rest` are the end of the header, not content. */
  #skip = 0
  #outside = 0
  #parts = 0
  /** The field of a file without a name of which no content has come: it may be the empty input of a form. */
  #pending: string | undefined
  readonly #delimiter: Buffer
  readonly #boundary = `kura-${randomUUID()}`

  constructor(private readonly options: Options) {
    this.#delimiter = Buffer.from(`\r\n--${options.boundary}`, 'latin1')
    this.contentType = `multipart/form-data; boundary=${this.#boundary}`
  }

  /** @throws malformed_upload, too_large, unsupported_media */
  take(chunk: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    while (this.#step());
  }

  /** @throws malformed_upload where the final boundary has not come */
  end(): void {
    if (this.#state === 'boundary' && this.#rest.equals(Buffer.from('--'))) this.#state = 'epilogue'
    if (this.#state !== 'epilogue') throw malformedUpload(undefined, 'The upload has no final boundary.')
    this.options.push(`--${this.#boundary}--\r\n`)
  }

  /** Returns whether it understood something, so that there may be more. */
  #step(): boolean {
    switch (this.#state) {
      case 'preamble':
        return this.#findFirst()
      case 'boundary':
        return this.#readBoundaryLine()
      case 'header':
        return this.#readHeader()
      case 'content':
        return this.#readContent()
      default:
        return this.#skipEpilogue()
    }
  }

  #findFirst(): boolean {
    const at = this.#rest.indexOf(this.#delimiter.subarray(CRLF.length))
    if (at < 0) return this.#dropOutside()
    if (!this.#rest.subarray(at - CRLF.length, at).equals(CRLF))
      throw malformedUpload(undefined, 'The first boundary does not begin a line that ends with CR LF.')
    this.#advance(at - CRLF.length + this.#delimiter.length, 'boundary')
    return true
  }

  #skipEpilogue(): boolean {
    if (this.#rest.includes(this.#delimiter.subarray(CRLF.length)))
      throw malformedUpload(undefined, 'The upload goes on after its final boundary.')
    return this.#dropOutside()
  }

  /** Drops what is outside of all parts, but for what may be the beginning of a boundary. */
  #dropOutside(): boolean {
    const drop = Math.max(0, this.#rest.length - this.#delimiter.length)
    this.#outside += drop
    if (this.#outside > OUTSIDE_BYTES)
      throw malformedUpload(undefined, 'The upload has too many bytes outside of its parts, or no boundary.')
    this.#advance(drop, this.#state)
    return false
  }

  #readBoundaryLine(): boolean {
    const line = this.#rest.toString('latin1', 0, PADDING_BYTES + CRLF.length)
    const [found, final] = /^(?:(--)(?=[ \t\r\n])|[ \t]*\r\n)/.exec(line) ?? []
    if (found !== undefined) {
      this.#outside = 0
      this.#advance(found.length, final ? 'epilogue' : 'header')
      return true
    }
    if (line.length === PADDING_BYTES + CRLF.length || !/^(?:--?|[ \t]*\r?)$/.test(line))
      throw malformedUpload(undefined, 'A line begins with the boundary and goes on.')
    return false
  }

  #readHeader(): boolean {
    if (this.#rest.subarray(0, CRLF.length).equals(CRLF))
      throw malformedUpload(undefined, 'A part has no header.')
    const end = this.#rest.indexOf(HEADER_END)
    if (end > HEADER_BYTES || (end < 0 && this.#rest.length > HEADER_BYTES + HEADER_END.length))
      throw malformedUpload(undefined, `The header of a part has over ${HEADER_BYTES} bytes.`)
    if (end < 0) return false
    this.#parts += 1
    if (this.#parts > PARTS) throw tooLarge(`An upload can have at most ${PARTS} parts.`)
    this.#beginPart(readPartHeader(this.#rest.toString('latin1', 0, end)))
    // the second line end may begin the next boundary
    this.#advance(end + CRLF.length, 'content')
    this.#skip = CRLF.length
    return true
  }

  #beginPart({ name, fileName, mediaType, charset }: PartHeader): void {
    const fileField = this.options.fileField(name)
    if (fileName === undefined && mediaType.startsWith('multipart/'))
      throw malformedUpload(undefined, 'A part is a multipart body itself. Send each file as a part.')
    if (fileName) this.#beginFile(fileField ?? name, fileName)
    else if (fileName === '' || (fileField && mediaType)) this.#pending = fileField ?? name
    else this.#push(`${disposition(name)}\r\nContent-Type: text/plain; charset=${encodingOf(charset)}`)
  }

  #beginFile(field: string, fileName: string): void {
    this.#push(`${disposition(field)}; filename="${this.fileNames.push(fileName) - 1}"`)
  }

  #push(header: string): void {
    this.options.push(`--${this.#boundary}\r\n${header}\r\n\r\n`)
  }

  #readContent(): boolean {
    const at = this.#rest.indexOf(this.#delimiter)
    const end = at < 0 ? this.#rest.length - this.#beginningOfDelimiter() : at
    if (end > this.#skip) {
      if (this.#pending !== undefined) this.#beginFile(this.#pending, UNNAMED)
      this.#pending = undefined
      this.options.push(this.#rest.subarray(this.#skip, end))
    }
    if (end >= this.#skip) this.#skip = 0
    if (at < 0) {
      this.#advance(end, 'content')
      return false
    }
    this.#skip = 0
    if (this.#pending === undefined) this.options.push(CRLF)
    this.#pending = undefined
    this.#advance(at + this.#delimiter.length, 'boundary')
    return true
  }

  /** How many of the last bytes may be the beginning of a delimiter. */
  #beginningOfDelimiter(): number {
    for (let length = Math.min(this.#rest.length, this.#delimiter.length - 1); length > 0; length--)
      if (this.#rest.subarray(-length).equals(this.#delimiter.subarray(0, length))) return length
    return 0
  }

  #advance(bytes: number, state: State): void {
    this.#rest = this.#rest.subarray(bytes)
    this.#state = state
  }
}

const disposition = (name: string) =>
  `Content-Disposition: form-data; name="${name.replace(/["\\]/g, '\\$&')}"`
