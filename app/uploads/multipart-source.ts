import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { malformedUpload } from '../errors.ts'
import { MultipartRewriter } from './multipart-rewriter.ts'
import { parseHeaderValue } from './part-header.ts'
import { MAX_SILENCE_MS, SPEED_WINDOW_MS, SpeedMonitor } from './speed-monitor.ts'

/** RFC 2046 §5.1.1 allows 70 characters; some clients use more. */
const BOUNDARY_CHARACTERS = 200

interface Options {
  /** Returns the file field that a field name means; undefined: it is no file field. */
  fileField: (name: string) => string | undefined
  /** The lowest speed of an upload, in bytes a second. */
  bytesPerSecond: number
}

/**
 * The multipart body of a request, rewritten for Multer. The parser below Multer (busboy 1.6) silently drops parts
 * that it cannot name: those without a readable Content-Disposition, file name or character set, and everything up to
 * the next boundary that it knows. It reads the rewritten body whole.
 *
 * Multer takes this stream for its request, so that an error ends Multer at once while the request stays open for
 * the answer.
 */
export class MultipartSource extends Readable {
  /** Those of the request, with the content type of this stream. */
  readonly headers: IncomingHttpHeaders
  readonly #rewriter: MultipartRewriter
  readonly #speed: SpeedMonitor
  /** What one read of the connection brings: each byte can be a chunk of its own. They are rewritten together. */
  #pieces: Buffer[] = []

  constructor(
    private readonly request: IncomingMessage,
    { fileField, bytesPerSecond }: Options,
  ) {
    super()
    const boundary = readBoundary(request.headers['content-type'] ?? '')
    this.#rewriter = new MultipartRewriter({ boundary, fileField, push: (bytes) => this.push(bytes) })
    this.headers = { ...request.headers, 'content-type': this.#rewriter.contentType }
    const limits = { silenceMs: MAX_SILENCE_MS, windowMs: SPEED_WINDOW_MS, bytesPerSecond }
    this.#speed = new SpeedMonitor(limits, (error) => this.destroy(error))
    request.on('data', this.#take).on('end', this.#end).on('close', this.#close)
    this.#speed.resume()
  }

  /** The names of the files, by the names that the parser finds. */
  get fileNames(): readonly string[] {
    return this.#rewriter.fileNames
  }

  override _read(): void {
    this.#speed.resume()
    this.request.resume()
  }

  /**
   * Ends the stream at once. When Multer 2.5 fails, it takes its parser off, reads the rest of its request and calls
   * back at the end: https://github.com/expressjs/multer/issues/1218. Here its request is this stream.
   */
  override unpipe(destination?: NodeJS.WritableStream): this {
    super.unpipe(destination)
    return this.destroy()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#speed.pause()
    this.request.off('data', this.#take).off('end', this.#end).off('close', this.#close)
    this.request.pause()
    done(error)
  }

  #take = (piece: Buffer): void => {
    this.#speed.addBytes(piece.length)
    if (this.#pieces.push(piece) === 1) process.nextTick(() => this.#rewrite())
  }

  #rewrite(): void {
    const pieces = this.#pieces
    this.#pieces = []
    if (this.destroyed || pieces.length === 0) return
    this.#attempt(() => this.#rewriter.take(join(pieces)))
    if (this.destroyed || this.readableLength < this.readableHighWaterMark) return
    this.#speed.pause()
    this.request.pause()
  }

  #end = (): void => {
    this.#rewrite()
    this.#attempt(() => {
      this.#rewriter.end()
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
}

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

/** Most often there is one piece: it is not copied. */
const join = (pieces: Buffer[]): Buffer =>
  pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
