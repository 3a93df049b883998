import type { Request, RequestHandler, Response } from 'express'
import { Types } from 'mongoose'
import multer from 'multer'
import {
  malformedUpload,
  tooLarge,
  unauthenticated,
  unsupportedMedia,
  validationFailed,
} from '../app/errors.ts'
import { PREVIEW_MAX_BYTES } from '../app/media/preview.ts'
import { type Receive, UploadEngine } from '../app/storage/upload-engine.ts'
import { MultipartSource } from '../app/uploads/multipart-source.ts'
import { UNNAMED } from '../app/uploads/part-header.ts'
import { receiveFile } from '../app/uploads/receive-file.ts'
import { receiveImage } from '../app/uploads/receive-image.ts'
import { MAX_SILENCE_MS } from '../app/uploads/speed-monitor.ts'
import type { ReceivedUpload } from '../app/uploads/upload-session.ts'
import { OVERHEAD_BYTES, UploadSession } from '../app/uploads/upload-session.ts'

interface Bound {
  min: number
  max: number
  /** Its field, where that is not named like the kind. */
  field?: string
}

/** How many files and preview images a request may bring. */
interface Bounds {
  files?: Bound
  images?: Bound
}

const KINDS = ['files', 'images'] as const
const fieldOf = (bounds: Bounds, kind: (typeof KINDS)[number]) => bounds[kind]?.field ?? kind

const fieldsOf = (bounds: Bounds) => KINDS.filter((kind) => bounds[kind]).map((kind) => fieldOf(bounds, kind))

interface Options {
  /** Says who a caller is that brings the token as a field before the file. */
  authenticateByField?: (req: Request, res: Response) => Promise<void>
}

const FIELDS = {
  fields: 40,
  fieldSize: 64 * 1024,
  fieldNameSize: 100,
  fieldNestingDepth: 1,
  fieldArrayIndexLimit: 40,
}

/**
 * Streams the files of a multipart request into the store: `req.upload` holds what came. Space is reserved
 * before anything is read. Belongs in a chain that ends with `discardUpload`.
 */
export function upload(bounds: Bounds, { authenticateByField }: Options = {}): RequestHandler {
  return async (req, res, next) => {
    refuseParts(req)
    const announced = contentLength(req)
    if (announced !== undefined && announced > largestBody(bounds, req.context.config.space.file))
      throw tooLarge('The body is larger than all that may be in it.')

    const begin = async (): Promise<ReceivedUpload> => {
      if (!req.user) await authenticateByField?.(req, res)
      req.upload ??= {
        uploadSession: await beginUploadSession(req, announced, bounds),
        files: [],
        images: [],
      }
      return req.upload
    }
    const receiveOne: Receive = async (file, request) => {
      const { uploadSession } = await begin()
      const { store } = req.context
      return file.fieldname === fieldOf(bounds, 'images')
        ? { image: await receiveImage(store, uploadSession, file.stream, String(req.user?._id)) }
        : { file: await receiveFile(store, uploadSession, file, request) }
    }
    if (req.user || !authenticateByField) await begin()
    if (res.destroyed) throw clientGone()
    const abandon = () => req.upload?.uploadSession.cancel()
    const allReceived = await receive(req, res, bounds, { receiveOne, abandon })
    const { files, images } = await begin()
    for (const received of allReceived) {
      if ('file' in received) files.push(received.file)
      else images.push(received.image)
    }
    if (files.length < (bounds.files?.min ?? 0)) throw missing(fieldOf(bounds, 'files'))
    if (images.length < (bounds.images?.min ?? 0)) throw missing(fieldOf(bounds, 'images'))
    next()
  }
}

/** Reserves space for what is announced, at whose cost it is. */
async function beginUploadSession(
  { user, asset, context }: Request,
  announced: number | undefined,
  { files }: Bounds,
) {
  if (!user) throw unauthenticated()
  return UploadSession.begin(context, {
    owner: asset?.owner ?? user._id,
    asset: asset?._id ?? new Types.ObjectId(),
    isNew: !asset,
    announced,
    mostFiles: files?.max ?? 0,
  })
}

/** Refuses what is no multipart body, a piece of one, or a compressed one. */
function refuseParts({ headers }: Request): void {
  if (!/^multipart\/form-data *(;|$)/i.test(headers['content-type'] ?? ''))
    throw unsupportedMedia('The body must be multipart/form-data.')
  if (headers['content-range'] !== undefined)
    throw validationFailed([{ field: 'Content-Range', message: 'is not taken here: send whole files' }])
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw unsupportedMedia('The body must have no Content-Encoding.')
}

/**
 * Resolves when all is stored; rejects with the first error, without waiting for the rest of the request. All streams
 * that were given away are destroyed then.
 */
async function receive(
  req: Request,
  res: Response,
  bounds: Bounds,
  { receiveOne, abandon }: { receiveOne: Receive; abandon: () => void },
) {
  const { space, uploads } = req.context.config
  const source = new MultipartSource(req, {
    fileField: fileFieldOf(bounds),
    bytesPerSecond: uploads.minBytesPerSecond,
  })
  const engine = new UploadEngine((file, request) => {
    const originalname = source.fileNames[Number(file.originalname)] ?? UNNAMED
    return receiveOne(Object.assign(file, { originalname }), request)
  })
  const parse = multer({
    storage: engine,
    defParamCharset: 'utf8',
    limits: { ...FIELDS, fileSize: space.file },
    fileFilter: countFiles(bounds),
  }).any()
  // the source ends a silent upload with an answer; the connection must not close before
  req.setTimeout(2 * MAX_SILENCE_MS)
  const end = () => {
    // the source may have ended already, while its pictures still wait for their turn
    abandon()
    source.destroy(clientGone())
  }
  res.once('close', end)
  source.once('error', abandon)
  // Multer uses the headers and the stream of its request alone, which `source` has
  const request = source as unknown as Request
  const parsed = new Promise<void>((resolve, reject) => {
    parse(request, res, (error: unknown) => (error ? reject(error) : resolve()))
  })
  // Multer fills it as fields come
  req.body = request.body
  const failed = engine.failure.then((error) => {
    source.destroy(error instanceof Error ? error : undefined)
    throw error
  })
  failed.catch(() => undefined)
  try {
    await Promise.race([parsed, failed])
  } catch (error) {
    abandon()
    throw source.errored ?? error
  } finally {
    res.off('close', end)
    source.destroy()
    // what begins late, or fails early, must not go on while the upload is undone
    await engine.idle()
  }
  return engine.received
}

/** Returns which file field a name means: `files[]` and `files[0]` mean `files`, and so does `file` there. */
function fileFieldOf(bounds: Bounds): (name: string) => string | undefined {
  const fields = fieldsOf(bounds)
  return (name) => {
    const bare = name.replace(/\[\d*\]$/, '')
    if (bare === 'file' && fields.includes('files')) return 'files'
    return fields.find((field) => field === bare)
  }
}

function countFiles(bounds: Bounds): NonNullable<multer.Options['fileFilter']> {
  const counts = new Map<string, number>()
  return (_req, { fieldname }, accept) => {
    const kind = KINDS.find((one) => bounds[one] && fieldOf(bounds, one) === fieldname)
    const bound = kind && bounds[kind]
    if (!bound) {
      const message = `is not a file field here: use ${fieldsOf(bounds).join(' or ')}`
      return accept(validationFailed([{ field: fieldname, message }]))
    }
    const count = (counts.get(fieldname) ?? 0) + 1
    counts.set(fieldname, count)
    if (count > bound.max) return accept(tooLarge(`There may be ${bound.max} ${fieldname} at the most.`))
    accept(null, true)
  }
}

const contentLength = ({ headers: { 'content-length': length } }: Request) =>
  length === undefined ? undefined : Number(length)

function largestBody({ files, images }: Bounds, largestFile: number): number {
  return (files?.max ?? 0) * largestFile + (images?.max ?? 0) * PREVIEW_MAX_BYTES + OVERHEAD_BYTES
}

const missing = (field: string) => validationFailed([{ field, message: 'needs a file' }])
const clientGone = () => malformedUpload(new Error('the client went before its body was read'))
