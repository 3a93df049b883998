import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { malformedUpload } from '../errors.ts'
import { MultipartRewriter } from './multipart-rewriter.ts'
import { parseHeaderValue } from './part-header.ts'
import { MAX_SILENCE_MS, SPEED_WINDOW_MS, SpeedMonitor } from './speed-monitor.ts'

/** Bytes of a body that wait to be parsed before the connection is paused, and of a file that wait to be stored. */
export const WAITING_BYTES = 256 * 1024
/** Longest boundary, in characters. RFC 2046 §5.1.1 allows 70; some clients use more. */
const BOUNDARY_CHARACTERS = 200

interface Options {
  /** Returns the file field that a field name means; undefined if it is not a file field. */
  fileField: (name: string) => string | undefined
  /** The lowest allowed speed, in bytes a second. */
  bytesPerSecond: number
}

/**
 * The multipart body of a request, rewritten for Multer. The parser of Multer (busboy 1.6) silently drops parts that it
 * cannot parse: parts without a readable Content-Disposition, file name or character set, and everything up to the next
 * boundary. It parses every part of the rewritten body.
 *
 * Multer gets this stream in place of the request, so that an error ends Multer at once while the request stays open
 * for the answer.
 */
export class MultipartSource extends Readable {
  /** The headers of the request, with the content type of this stream. */
  readonly headers: IncomingHttpHeaders
  readonly #rewriter: MultipartRewriter
  readonly #speed: SpeedMonitor
  /** The chunks of one read of the connection. Each can be a single byte, so they are rewritten together. */
  #chunks: Buffer[] = []
  #isHeld = false

  constructor(
    private readonly request: IncomingMessage,
    { fileField, bytesPerSecond }: Options,
  ) {
    super({ highWaterMark: WAITING_BYTES })
    const boundary = readBoundary(request.headers['content-type'] ?? '')
    this.#rewriter = new MultipartRewriter({ boundary, fileField, push: (bytes) => this.push(bytes) })
    this.headers = { ...request.headers, 'content-type': this.#rewriter.contentType }
    const limits = { silenceMs: MAX_SILENCE_MS, windowMs: SPEED_WINDOW_MS, bytesPerSecond }
    this.#speed = new SpeedMonitor(limits, (error) => this.destroy(error))
    request.on('data', this.#receive).on('end', this.#end).on('close', this.#close)
    this.#speed.resume()
  }

  /** The names of the files, by the indexes that the parser returns as file names. */
  get fileNames(): readonly string[] {
    return this.#rewriter.fileNames
  }

  override _read(): void {
    if (this.#isHeld) return
    this.#speed.resume()
    this.request.resume()
  }

  /** Reads no more of the request. Bytes that were read already are still sent. */
  hold(): void {
    this.#isHeld = true
    this.#pause()
  }

  /** Reads on. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    if (!this.destroyed && this.readableLength < this.readableHighWaterMark) this._read()
  }

  #pause(): void {
    this.#speed.pause()
    this.request.pause()
  }

  /**
   * Ends the stream at once. After an error Multer 2.5 unpipes its parser, reads the rest of the request and calls back
   * only at the end (https://github.com/expressjs/multer/issues/1218). For Multer, this stream is the request.
   */
  override unpipe(destination?: NodeJS.WritableStream): this {
    super.unpipe(destination)
    return this.destroy()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#speed.pause()
    this.request.off('data', this.#receive).off('end', this.#end).off('close', this.#close)
    this.request.pause()
    done(error)
  }

  #receive = (chunk: Buffer): void => {
    this.#speed.addBytes(chunk.length)
    if (this.#chunks.push(chunk) === 1) process.nextTick(() => this.#rewrite())
  }

  #rewrite(): void {
    const chunks = this.#chunks
    this.#chunks = []
    if (this.destroyed || chunks.length === 0) return
    this.#attempt(() => this.#rewriter.write(join(chunks)))
    if (this.destroyed || (!this.#isHeld && this.readableLength < this.readableHighWaterMark)) return
    this.#pause()
  }

  #end = (): void => {
    this.#rewrite()
    this.#attempt(() => {
      this.#rewriter.end()
      this.push(null)
    })
  }

  #close = (): void => {
    if (!this.request.readableEnded) this.destroy(malformedUpload(new Error('the client disconnected')))
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
    throw malformedUpload(undefined, 'The Content-Type has no boundary. Let the HTTP client set this header.')
  if (boundary.length > BOUNDARY_CHARACTERS || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary))
    throw malformedUpload(undefined, 'The boundary is too long or has invalid characters.')
  return boundary
}

/** Joins chunks. Does not copy a single one, which is the usual case. */
const join = (chunks: Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
