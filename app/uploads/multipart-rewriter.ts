import { randomBytes } from 'node:crypto'
import { malformedUpload, tooLarge } from '../errors.ts'
import { DigestCheck } from './content-digest.ts'
import { decodeWindows1252, encodingOf, type PartHeader, readPartHeader, UNNAMED } from './part-header.ts'

/** Largest header of a part, in bytes. */
const HEADER_BYTES = 8192
/** Largest number of bytes before the first boundary, and after the last one. */
const OUTSIDE_BYTES = 8192
/** Largest number of blanks between a boundary and the end of its line, in bytes. */
const PADDING_BYTES = 256
/** Largest number of parts of a body, including empty file inputs of a form. */
const PARTS = 2000

/**
 * Beginning of the new boundary. The next parser (Boyer–Moore–Horspool) skips as many bytes as the boundary has, unless
 * one of its characters is among them: a long boundary of few, rare characters takes a quarter of the time.
 */
const BOUNDARY_FILL = '_'.repeat(160)

const CR = 0x0d
const CRLF = Buffer.from('\r\n')
const HEADER_END = Buffer.from('\r\n\r\n')

/** A file as a client sends it. */
export interface SentFile {
  field: string
  name: string
  /** Number of bytes received so far. */
  size: number
}

interface Options {
  /** The boundary of the received body. */
  boundary: string
  /** Returns the file field that a field name means; undefined if it is not a file field. */
  fileField: (name: string) => string | undefined
  push: (bytes: Buffer | string) => void
}

type State = 'preamble' | 'boundary' | 'header' | 'content' | 'epilogue'

/**
 * Parses a multipart body strictly, in linear time, and writes it again in its simplest form: with a random boundary, the
 * index in `fieldNames` as the name of each text field, and the index in `files` as the name of each file.
 */
export class MultipartRewriter {
  /** The files so far. The next parser gets their indexes as names. */
  readonly files: SentFile[] = []
  /** The names of the text fields so far. The next parser gets their indexes, so that it does not interpret brackets. */
  readonly fieldNames: string[] = []
  /** The content type of the new body. */
  readonly contentType: string
  #state: State = 'preamble'
  /** Bytes that are not parsed yet. Begins with a line end, because the first boundary needs none before it. */
  #rest: Buffer = CRLF
  /** How many bytes of `#rest` belong to the header, not to the content. */
  #skip = 0
  #outside = 0
  #parts = 0
  /** The field of a file without name and content so far. It can be an empty file input of a form. */
  #pending: string | undefined
  /** The file that the part contains; undefined for another field. */
  #file: SentFile | undefined
  /** Checks the content of the part, if its header has a digest. */
  #check: DigestCheck | undefined
  /** Whether the content of the current part is text in Windows-1252. */
  #isWindows1252 = false
  readonly #delimiter: Buffer
  readonly #boundary = `${BOUNDARY_FILL}${BigInt(`0x${randomBytes(16).toString('hex')}`)}`

  constructor(private readonly options: Options) {
    this.#delimiter = Buffer.from(`\r\n--${options.boundary}`, 'latin1')
    this.contentType = `multipart/form-data; boundary=${this.#boundary}`
  }

  /** @throws malformed_upload, too_large, unsupported_media, checksum_mismatch */
  write(chunk: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    while (this.#step());
  }

  /** @throws malformed_upload when the final boundary is missing */
  end(): void {
    if (this.#state === 'boundary' && this.#rest.equals(Buffer.from('--'))) this.#state = 'epilogue'
    if (this.#state === 'preamble') throw withoutBoundary()
    if (this.#state !== 'epilogue') throw malformedUpload(undefined, 'The upload has no final boundary.')
    this.options.push(`--${this.#boundary}--\r\n`)
  }

  /** Parses one boundary, header or piece of content. Returns whether the received bytes can have another one. */
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
      throw malformedUpload(undefined, 'The upload continues after its final boundary.')
    return this.#dropOutside()
  }

  /** Drops bytes outside of all parts. Keeps the last ones, which can be the beginning of a boundary. */
  #dropOutside(): boolean {
    const drop = Math.max(0, this.#rest.length - this.#delimiter.length)
    this.#outside += drop
    if (this.#outside > OUTSIDE_BYTES)
      throw this.#state === 'preamble'
        ? withoutBoundary()
        : malformedUpload(undefined, 'The upload has too many bytes after its final boundary.')
    this.#advance(drop, this.#state)
    return false
  }

  #readBoundaryLine(): boolean {
    const line = this.#rest.toString('latin1', 0, PADDING_BYTES + CRLF.length)
    if (/^(?:--)?[ \t]*\n/.test(line))
      throw malformedUpload(undefined, 'A boundary line ends with LF. Lines must end with CR LF (RFC 2046).')
    const [found, final] = /^(?:(--)(?=[ \t\r\n])|[ \t]*\r\n)/.exec(line) ?? []
    if (found !== undefined) {
      this.#outside = 0
      this.#advance(found.length, final ? 'epilogue' : 'header')
      return true
    }
    if (line.length === PADDING_BYTES + CRLF.length || !/^(?:--?|[ \t]*\r?)$/.test(line))
      throw malformedUpload(undefined, 'A line begins with the boundary and continues after it.')
    return false
  }

  #readHeader(): boolean {
    if (this.#rest.subarray(0, CRLF.length).equals(CRLF))
      throw malformedUpload(undefined, 'A part has no header.')
    const end = this.#rest.indexOf(HEADER_END)
    if (end > HEADER_BYTES || (end < 0 && this.#rest.length > HEADER_BYTES + HEADER_END.length))
      throw malformedUpload(undefined, `The header of a part is longer than ${HEADER_BYTES} bytes.`)
    if (end < 0) return false
    this.#parts += 1
    if (this.#parts > PARTS) throw tooLarge(`An upload can have at most ${PARTS} parts.`)
    this.#beginPart(readPartHeader(this.#rest.toString('latin1', 0, end)))
    // The second line end can begin the next boundary.
    this.#advance(end + CRLF.length, 'content')
    this.#skip = CRLF.length
    return true
  }

  #beginPart({ name, fileName, mediaType, charset, digest }: PartHeader): void {
    this.#file = undefined
    this.#check = digest === undefined ? undefined : new DigestCheck(digest)
    const fileField = this.options.fileField(name)
    if (fileName === undefined && mediaType.startsWith('multipart/'))
      throw malformedUpload(
        undefined,
        'A part contains another multipart body. Send each file as a part of its own.',
      )
    if (fileName) this.#beginFile(fileField ?? name, fileName)
    else if (fileName === '' || fileField) this.#pending = fileField ?? name
    else this.#beginText(name, encodingOf(charset))
  }

  #beginFile(field: string, name: string): void {
    this.#file = { field, name, size: 0 }
    this.#push(`${disposition(field)}; filename="${this.files.push(this.#file) - 1}"`)
  }

  /** Text in Windows-1252 is rewritten in UTF-8, because the next parser decodes it wrongly. */
  #beginText(name: string, encoding: string): void {
    this.#isWindows1252 = encoding === 'windows-1252'
    const charset = this.#isWindows1252 ? 'utf-8' : encoding
    const index = this.fieldNames.push(name) - 1
    this.#push(`${disposition(String(index))}\r\nContent-Type: text/plain; charset=${charset}`)
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
      const bytes = this.#rest.subarray(this.#skip, end)
      this.#check?.update(bytes)
      if (this.#file) this.#file.size += bytes.length
      this.options.push(this.#isWindows1252 ? decodeWindows1252(bytes.toString('latin1')) : bytes)
    }
    if (end >= this.#skip) this.#skip = 0
    if (at < 0) {
      this.#advance(end, 'content')
      return false
    }
    this.#skip = 0
    this.#check?.end()
    if (this.#pending === undefined) this.options.push(CRLF)
    this.#pending = undefined
    this.#isWindows1252 = false
    this.#advance(at + this.#delimiter.length, 'boundary')
    return true
  }

  /** Returns how many of the last bytes can be the beginning of a delimiter. */
  #beginningOfDelimiter(): number {
    const tail = this.#rest.subarray(-(this.#delimiter.length - 1))
    // the first byte of the delimiter is its only CR, so that most tails need no comparison
    for (let at = tail.indexOf(CR); at >= 0; at = tail.indexOf(CR, at + 1))
      if (tail.subarray(at).equals(this.#delimiter.subarray(0, tail.length - at))) return tail.length - at
    return 0
  }

  #advance(bytes: number, state: State): void {
    this.#rest = this.#rest.subarray(bytes)
    this.#state = state
  }
}

const withoutBoundary = () =>
  malformedUpload(
    undefined,
    'The body does not contain the boundary of its Content-Type. Let the HTTP client set this header.',
  )

const disposition = (name: string) =>
  `Content-Disposition: form-data; name="${name.replace(/["\\]/g, '\\$&')}"`
