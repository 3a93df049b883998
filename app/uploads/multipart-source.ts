import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { malformedUpload, tooLarge, unsupportedMedia } from '../errors.ts'
import { Pace, SILENCE_MS, WINDOW_MS } from './pace.ts'
import { type PartHeader, parseHeaderValue, readPartHeader, UNNAMED } from './part-header.ts'

/** RFC 2046 §5.1.1 allows 70 characters. */
const BOUNDARY_CHARACTERS = 200
/** Of the header of a part. */
const HEADER_BYTES = 8192
/** Of what stands before the first boundary, and after the last one. */
const OUTSIDE_BYTES = 8192
/** Blanks between a boundary and the end of its line. */
const PADDING_BYTES = 256
/** Parts of a body, those without content and file name included. */
const PARTS = 2000
/** The character sets that the parser reads a field in. */
const CHARSETS = new Set(['utf-8', 'windows-1252', 'utf-16le'])

const CRLF = Buffer.from('\r\n')
const HEADER_END = Buffer.from('\r\n\r\n')

interface Options {
  /** Returns the file field that a field name means; undefined: it is no file field. */
  fileField: (name: string) => string | undefined
  /** The lowest speed of an upload, in bytes a second. */
  bytesPerSecond: number
}

type State = 'preamble' | 'boundary' | 'header' | 'content' | 'epilogue'

/**
 * The multipart body of a request, read strictly and written anew in its plainest form for Multer. The parser below
 * Multer (busboy 1.6) drops parts it cannot name without a word: those without a readable Content-Disposition, file
 * name or character set, and all up to the next boundary it knows. What comes out of here it reads whole: a boundary
 * that occurs nowhere, a quoted name, and for each file its place in `fileNames` as the file name.
 *
 * Multer takes this stream for its request, so that an error ends Multer at once while the request stays open for
 * the answer.
 */
export class MultipartSource extends Readable {
  /** Of the request, but with the content type of this stream. */
  readonly headers: IncomingHttpHeaders
  /** The names of the files. The parser is given their places in this list. */
  readonly fileNames: string[] = []
  #state: State = 'preamble'
  /** Bytes that are not understood yet; the first line needs no line end before it. */
  #rest: Buffer = CRLF
  /** How many of `#rest` are the end of the header, not content. */
  #skip = 0
  #outside = 0
  #parts = 0
  /** A file of whose content nothing has come, and that has no name: it may be the empty input of a form. */
  #pending: string | undefined
  readonly #delimiter: Buffer
  readonly #boundary = `kura-${randomUUID()}`
  readonly #pace: Pace

  constructor(
    private readonly request: IncomingMessage,
    private readonly options: Options,
  ) {
    super()
    this.#delimiter = Buffer.from(`\r\n--${readBoundary(request.headers['content-type'] ?? '')}`, 'latin1')
    const type = `multipart/form-data; boundary=${this.#boundary}`
    this.headers = { ...request.headers, 'content-type': type }
    const limits = { silenceMs: SILENCE_MS, windowMs: WINDOW_MS, bytesPerSecond: options.bytesPerSecond }
    this.#pace = new Pace(limits, (error) => this.destroy(error))
    request.on('data', this.#take).on('end', this.#end).on('close', this.#close)
    this.#pace.release()
  }

  override _read(): void {
    this.#pace.release()
    this.request.resume()
  }

  /** Multer takes its parser off when it has failed, and then waits for the end of its request, which is this. */
  override unpipe(destination?: NodeJS.WritableStream): this {
    super.unpipe(destination)
    return this.destroy()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#pace.hold()
    this.request.off('data', this.#take).off('end', this.#end).off('close', this.#close)
    this.request.pause()
    this.#rest = Buffer.alloc(0)
    done(error)
  }

  #take = (chunk: Buffer): void => {
    this.#pace.received(chunk.length)
    this.#attempt(() => {
      this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
      while (this.#step());
    })
    if (this.destroyed || this.readableLength < this.readableHighWaterMark) return
    this.#pace.hold()
    this.request.pause()
  }

  #end = (): void => {
    this.#attempt(() => {
      if (this.#state === 'boundary' && this.#rest.equals(Buffer.from('--'))) this.#state = 'epilogue'
      if (this.#state !== 'epilogue') throw malformedUpload(undefined, 'The upload has no final boundary.')
      this.push(`--${this.#boundary}--\r\n`)
      this.push(null)
    })
  }

  #close = (): void => {
    if (!this.request.readableEnded) this.destroy(malformedUpload(new Error('the client went')))
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.destroy(error as Error)
    }
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
    this.push(`--${this.#boundary}\r\n${header}\r\n\r\n`)
  }

  #readContent(): boolean {
    const at = this.#rest.indexOf(this.#delimiter)
    const end = at < 0 ? this.#rest.length - this.#beginningOfDelimiter() : at
    if (end > this.#skip) {
      if (this.#pending !== undefined) this.#beginFile(this.#pending, UNNAMED)
      this.#pending = undefined
      this.push(this.#rest.subarray(this.#skip, end))
    }
    if (end >= this.#skip) this.#skip = 0
    if (at < 0) {
      this.#advance(end, 'content')
      return false
    }
    this.#skip = 0
    if (this.#pending === undefined) this.push(CRLF)
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

/** @throws malformed_upload */
function readBoundary(contentType: string): string {
  const boundary = parseHeaderValue(contentType).parameters.get('boundary')
  if (!boundary)
    throw malformedUpload(
      undefined,
      'The Content-Type names no boundary. Let the HTTP client set this header.',
    )
  if (boundary.length > BOUNDARY_CHARACTERS || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary))
    throw malformedUpload(undefined, 'The boundary is too long, or has characters that no boundary can have.')
  return boundary
}

/** The name by which the parser knows a character set. @throws unsupported_media */
function encodingOf(label = 'utf-8'): string {
  const encoding = encodingNames(label)
  if (!CHARSETS.has(encoding)) throw unsupportedMedia('The fields of an upload must be in UTF-8.')
  return encoding
}

function encodingNames(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch {
    // no such character set
    return ''
  }
}
