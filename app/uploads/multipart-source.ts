import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { malformedUpload } from '../errors.ts'
import { DigestCheck, readContentDigest } from './content-digest.ts'
import { MultipartRewriter, type SentFile } from './multipart-rewriter.ts'
import { parseHeaderValue } from './part-header.ts'
import { RequestBody } from './request-body.ts'

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
export class MultipartSource extends RequestBody {
  /** The headers of the request, with the content type of this stream. */
  readonly headers: IncomingHttpHeaders
  readonly #rewriter: MultipartRewriter
  /** Checks the whole body, if the header of the request has its digest. */
  readonly #check: DigestCheck | undefined

  constructor(request: IncomingMessage, { fileField, bytesPerSecond }: Options) {
    super(request, { bytesPerSecond })
    const boundary = readBoundary(request.headers['content-type'] ?? '')
    const digest = readContentDigest(request.headers['content-digest'])
    this.#check = digest === undefined ? undefined : new DigestCheck(digest)
    this.#rewriter = new MultipartRewriter({ boundary, fileField, push: (bytes) => this.push(bytes) })
    this.headers = { ...request.headers, 'content-type': this.#rewriter.contentType }
  }

  /**
   * The files so far, by the indexes that the parser returns as file names. Not named `files`: Multer sets that property.
   */
  get sentFiles(): SentFile[] {
    return this.#rewriter.files
  }

  /** Returns the name of a text field by the index that the parser returns as its name. */
  fieldName(index: string): string {
    return this.#rewriter.fieldNames[Number(index)] ?? ''
  }

  protected override handleBytes(bytes: Buffer): void {
    this.#check?.update(bytes)
    this.#rewriter.write(bytes)
  }

  protected override handleEnd(): void {
    this.#rewriter.end()
    this.#check?.end()
  }

  /**
   * Ends the stream at once. After an error Multer 2.5 unpipes its parser, reads the rest of the request and calls back
   * only at the end (https://github.com/expressjs/multer/issues/1218). For Multer, this stream is the request.
   */
  override unpipe(destination?: NodeJS.WritableStream): this {
    super.unpipe(destination)
    return this.destroy()
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
