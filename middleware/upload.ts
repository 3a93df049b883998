import { finished } from 'node:stream/promises'
import type { Request, RequestHandler, Response } from 'express'
import multer from 'multer'
import { tooLarge, unsupportedMedia, validationFailed } from '../app/errors.ts'
import { PREVIEW_MAX_BYTES } from '../app/media/preview.ts'
import { MultipartSource } from '../app/uploads/multipart-source.ts'
import { UNNAMED } from '../app/uploads/part-header.ts'
import { receiveImage } from '../app/uploads/receive-image.ts'
import { clientGone, WAITING_BYTES } from '../app/uploads/request-body.ts'
import { MAX_SILENCE_MS } from '../app/uploads/speed-monitor.ts'
import { OVERHEAD_BYTES, type ReceivedUpload } from '../app/uploads/upload-session.ts'
import type { AssetFile, AssetImage } from '../models/asset-files.ts'
import { MulterEngine } from './multer-engine.ts'
import { fieldsOf, type Pair } from './parse-form.ts'
import { announcedLength, beginUploadSession, requireWhole, uploadRoute } from './upload-route.ts'

interface Bound {
  min: number
  max: number
  /** The name of the field; default: the name of the kind. */
  field?: string
  /** Other names of the field. */
  aliases?: readonly string[]
}

/** How many files and preview images a request can have. */
interface Bounds {
  files?: Bound
  images?: Bound
  /** Whether the route takes `Idempotency-Key`. */
  isRepeatable?: true
  /** Authenticates a request that has its token in a field before the file. */
  authenticateByField?: (req: Request, res: Response) => Promise<void>
}

/** Usual size of the boundary and the header of a file in a multipart body at most, in bytes. */
const FILE_OVERHEAD_BYTES = 512

const KINDS = ['files', 'images'] as const
const fieldOf = (bounds: Bounds, kind: (typeof KINDS)[number]) => bounds[kind]?.field ?? kind

const fileFieldsOf = (bounds: Bounds) =>
  KINDS.filter((kind) => bounds[kind]).map((kind) => fieldOf(bounds, kind))

type Received = { file: AssetFile } | { image: AssetImage }

/** Most text fields of an upload, and the largest size of each in bytes. */
const FIELDS = { fields: 40, fieldSize: 64 * 1024 }

/**
 * Streams the files of a multipart request into the store, sets `req.upload` and calls the handler of the route, which
 * commits the upload. Reserves space before the body is read.
 */
export function upload(most: Bounds, handler: RequestHandler): RequestHandler {
  const boundsOf = ({ context }: Request) => within(most, context.config.space.files)
  const receiver = {
    check: (req: Request) => {
      requireMultipart(req)
      requireWhole(req)
      if ((announcedLength(req) ?? 0) > largestBody(boundsOf(req), req.context.config.space.file))
        throw tooLarge('The body is larger than the largest allowed files together.')
    },
    store: (req: Request, res: Response) => receiveUpload(req, res, boundsOf(req)),
    measure: most.isRepeatable
      ? (req: Request, res: Response) => measureUpload(req, res, boundsOf(req))
      : undefined,
  }
  return uploadRoute(receiver, handler)
}

/** Returns the bounds of a route within the most files of an asset that the operator allows. */
function within({ files, ...bounds }: Bounds, mostFiles: number): Bounds {
  return files ? { ...bounds, files: { ...files, max: Math.min(files.max, mostFiles) } } : bounds
}

/** Begins the upload of a request and receives its files. */
async function receiveUpload(req: Request, res: Response, bounds: Bounds) {
  const { authenticateByField } = bounds
  const begin = async (): Promise<ReceivedUpload> => {
    if (!req.user) await authenticateByField?.(req, res)
    req.upload ??= {
      uploadSession: await beginUploadSession(req, {
        announced: announcedLength(req),
        mostFiles: bounds.files?.max ?? 0,
        overhead: overheadOf(bounds),
      }),
      files: [],
      images: [],
    }
    return req.upload
  }
  const receiveOne = async (file: Express.Multer.File): Promise<Received> => {
    const { uploadSession } = await begin()
    const { originalname: name, stream } = file
    return file.fieldname === fieldOf(bounds, 'images')
      ? { image: await receiveImage(req.context.store, uploadSession, stream, String(req.user?._id)) }
      : { file: await uploadSession.receive({ name, stream }) }
  }
  if (req.user || !authenticateByField) await begin()
  if (res.destroyed) throw clientGone()
  const cancel = () => req.upload?.uploadSession.cancel()
  const allReceived = await receive(req, res, bounds, { receiveOne, cancel })
  const { files, images } = await begin()
  for (const received of allReceived) {
    if ('file' in received) files.push(received.file)
    else images.push(received.image)
  }
  if (files.length < (bounds.files?.min ?? 0)) throw missing(fieldOf(bounds, 'files'))
  if (images.length < (bounds.images?.min ?? 0)) throw missing(fieldOf(bounds, 'images'))
}

/** Reads the fields and files of a request without storing them. */
async function measureUpload(req: Request, res: Response, bounds: Bounds): Promise<void> {
  const receiveOne = ({ stream }: Express.Multer.File) => finished(stream.resume())
  await receive(req, res, bounds, { receiveOne, cancel: () => undefined })
}

/** @throws unsupported_media */
function requireMultipart({ headers }: Request): void {
  if (!/^multipart\/form-data *(;|$)/i.test(headers['content-type'] ?? ''))
    throw unsupportedMedia('The body must be multipart/form-data.')
}

/**
 * Resolves when all files are stored. Rejects with the first error without waiting for the rest of the request, and
 * destroys the streams of all files.
 */
async function receive<T>(
  req: Request,
  res: Response,
  bounds: Bounds,
  {
    receiveOne,
    cancel: cancelUpload,
  }: { receiveOne: (file: Express.Multer.File) => Promise<T>; cancel: () => void },
): Promise<T[]> {
  const { space, uploads } = req.context.config
  const source = new MultipartSource(req, {
    fileField: fileFieldOf(bounds),
    bytesPerSecond: uploads.minBytesPerSecond,
  })
  // Multer uses only the headers and the stream of its request; `source` has both.
  const request = source as unknown as Request
  // Multer adds the fields as they are received
  const readFields = () => {
    const sent = Object.entries((request.body ?? {}) as Record<string, string>)
    const pairs = sent.map(([index, text]): Pair => [source.fieldName(index), text])
    req.body = fieldsOf(pairs, req.nestsForms === true)
  }
  const engine = new MulterEngine((file) => {
    readFields()
    const originalname = source.sentFiles[Number(file.originalname)]?.name ?? UNNAMED
    return receiveOne(Object.assign(file, { originalname }))
  }, source)
  const cancel = () => {
    engine.cancel()
    cancelUpload()
  }
  // `fileHwm` is not in the published types yet
  const options: multer.Options & { fileHwm: number } = {
    storage: engine,
    defParamCharset: 'utf8',
    fileHwm: WAITING_BYTES,
    limits: { ...FIELDS, fileSize: space.file },
    fileFilter: countFiles(bounds),
  }
  const parse = multer(options).any()
  // The source ends a silent upload with an answer. The connection must not close before.
  req.setTimeout(2 * MAX_SILENCE_MS)
  const end = () => {
    // The source can have ended already while its pictures still wait in the queue.
    cancel()
    source.destroy(clientGone())
  }
  res.once('close', end)
  source.once('error', cancel)
  const parsed = new Promise<void>((resolve, reject) => {
    parse(request, res, (error: unknown) => (error ? reject(error) : resolve()))
  })
  req.isForm = true
  req.sentFiles = source.sentFiles
  const failed = engine.failure.then((error) => {
    source.destroy(error instanceof Error ? error : undefined)
    throw error
  })
  failed.catch(() => undefined)
  try {
    await Promise.race([parsed, failed])
    readFields()
  } catch (error) {
    cancel()
    throw source.errored ?? error
  } finally {
    res.off('close', end)
    source.destroy()
    // No file can be stored while the upload is undone.
    await engine.idle()
  }
  return engine.results()
}

/** Returns a function for the file field that a name means: `files[]`, `files[0]` and `file` all mean `files`. */
function fileFieldOf(bounds: Bounds): (name: string) => string | undefined {
  const fields = fileFieldsOf(bounds)
  return (name) => {
    const bare = name.replace(/\[\d*\]$/, '')
    if (bare === 'file' && fields.includes('files')) return 'files'
    const kind = KINDS.find((one) => bounds[one]?.aliases?.includes(name))
    return kind ? fieldOf(bounds, kind) : fields.find((field) => field === bare)
  }
}

function countFiles(bounds: Bounds): NonNullable<multer.Options['fileFilter']> {
  const counts = new Map<string, number>()
  return (_req, { fieldname }, accept) => {
    const kind = KINDS.find((one) => bounds[one] && fieldOf(bounds, one) === fieldname)
    const bound = kind && bounds[kind]
    if (!bound) {
      const message = `is not a file field: use ${fileFieldsOf(bounds).join(' or ')}`
      return accept(validationFailed([{ field: fieldname, message }]))
    }
    const count = (counts.get(fieldname) ?? 0) + 1
    counts.set(fieldname, count)
    if (count > bound.max) return accept(tooLarge(`An upload can have at most ${bound.max} ${fieldname}.`))
    accept(null, true)
  }
}

/** Returns the largest size of a body besides its files, in bytes. */
const overheadOf = ({ files }: Bounds) => OVERHEAD_BYTES + (files?.max ?? 0) * FILE_OVERHEAD_BYTES

function largestBody(bounds: Bounds, largestFile: number): number {
  const { files, images } = bounds
  return (files?.max ?? 0) * largestFile + (images?.max ?? 0) * PREVIEW_MAX_BYTES + overheadOf(bounds)
}

const missing = (field: string) => validationFailed([{ field, message: 'must contain a file' }])
