import { finished } from 'node:stream/promises'
import type { Request, RequestHandler, Response } from 'express'
import { fileTooLarge, unsupportedMedia, validationFailed, versionConflict } from '../app/errors.ts'
import { readContentDigest } from '../app/uploads/content-digest.ts'
import { clientGone, RawBody } from '../app/uploads/request-body.ts'
import { MAX_SILENCE_MS } from '../app/uploads/speed-monitor.ts'
import type { AssetFile } from '../models/asset-files.ts'
import { announcedLength, beginUploadSession, requireWhole, uploadRoute } from './upload-route.ts'

/** Refuses an upload whose path has no name. @throws validation_failed */
export const refuseUnnamed: RequestHandler = () => {
  throw invalidName('is missing: add the name of the file to the path, as in PUT /api/files/chair.glb')
}

/**
 * Reads the name of the uploaded file from the path of a PUT. Comes before the route, because Express answers 404 for a
 * path that it cannot decode.
 *
 * @throws validation_failed if the name is not UTF-8 in percent-encoding
 */
export const readFileName: RequestHandler = (req, _res, next) => {
  const [, segment = '', ...others] = req.path.split('/')
  if (req.method === 'PUT' && others.join('') === '') req.fileName = decodeName(segment)
  next()
}

function decodeName(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw invalidName('must be UTF-8 in percent-encoding', error)
  }
}

const invalidName = (message: string, cause?: unknown) =>
  validationFailed([{ field: 'filename', message }], cause)

/**
 * Marks the body of a request as the bytes of a file, with any Content-Type, and checks the headers that describe it.
 *
 * @throws unsupported_media for a form with files, a compressed body
 * @throws validation_failed for a range of a file
 * @throws version_conflict for `If-Match` (RFC 9110 §13.1.1: it is false for what does not exist)
 */
export const takeRawBody: RequestHandler = (req, _res, next) => {
  if (/^multipart\/form-data\b/i.test(req.headers['content-type'] ?? ''))
    throw unsupportedMedia(
      'The body of this route is the bytes of one file. Send forms of files with POST /api/assets (multipart/form-data).',
    )
  requireWhole(req)
  if (req.get('If-Match') !== undefined)
    throw versionConflict('This route always creates an asset, so no asset can match If-Match.')
  // the body has no fields
  req.body = {}
  next()
}

/**
 * Streams the body of a request into the store as one file, sets `req.upload` and calls the handler of the route, which
 * commits the upload. Reserves space before the body is read.
 */
export const rawUpload = (handler: RequestHandler): RequestHandler => uploadRoute(RECEIVER, handler)

const RECEIVER = {
  check: (req: Request) => {
    if ((announcedLength(req) ?? 0) > req.context.config.space.file) throw fileTooLarge()
    readContentDigest(req.get('Content-Digest'))
  },
  async store(req: Request, res: Response): Promise<void> {
    const announced = announcedLength(req)
    const uploadSession = await beginUploadSession(req, { announced, mostFiles: 1, overhead: 0 })
    const upload = { uploadSession, files: [] as AssetFile[], images: [] }
    req.upload = upload
    const digest = readContentDigest(req.get('Content-Digest'))
    await withBody(req, res, async (stream) => {
      stream.once('error', () => uploadSession.cancel())
      upload.files.push(await uploadSession.receive({ name: req.fileName ?? '', stream, digest }))
    })
  },
  async measure(req: Request, res: Response): Promise<void> {
    const size = announcedLength(req)
    if (size !== undefined) req.sentFiles = sent(size)
    else await withBody(req, res, (stream) => finished(stream.resume()))
  },
}

/** Calls `work` with the body of a request. The body ends with an error when the client disconnects. */
async function withBody(req: Request, res: Response, work: (stream: RawBody) => Promise<void>) {
  if (res.destroyed) throw clientGone()
  const { space, uploads } = req.context.config
  const stream = new RawBody(req, { bytesPerSecond: uploads.minBytesPerSecond, maxBytes: space.file })
  // The body ends a silent upload with an answer. The connection must not close before.
  req.setTimeout(2 * MAX_SILENCE_MS)
  const end = () => stream.destroy(clientGone())
  res.once('close', end)
  try {
    await work(stream)
    req.sentFiles = sent(stream.size)
  } finally {
    res.off('close', end)
    stream.destroy()
  }
}

/** Describes the only file. Its name is a part of the path. */
const sent = (size: number) => [{ field: '', name: '', size }]
