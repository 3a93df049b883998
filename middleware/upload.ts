import { setTimeout as delay } from 'node:timers/promises'
import type { Request, RequestHandler, Response } from 'express'
import { Types } from 'mongoose'
import multer from 'multer'
import { receiveFile } from '../app/assets/receive-file.ts'
import { receiveImage } from '../app/assets/receive-image.ts'
import {
  malformedUpload,
  tooLarge,
  unauthenticated,
  unsupportedMedia,
  validationFailed,
} from '../app/errors.ts'
import { PREVIEW_MAX_BYTES } from '../app/media/preview.ts'
import type { ReceivedUpload } from '../app/request.ts'
import { Intake, OVERHEAD_BYTES } from '../app/space/intake.ts'
import { UploadEngine } from '../app/storage/upload-engine.ts'

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
/** How long the rest of a refused body is read, so that the client comes to read the answer. */
const LINGER_MS = 5000

/**
 * Streams the files of a multipart request into the store: `req.upload` holds what came. Space is reserved
 * before anything is read. Belongs in a chain that ends with `discardUpload`.
 */
export function upload(bounds: Bounds, { authenticateByField }: Options = {}): RequestHandler {
  return async (req, res, next) => {
    if (!req.is('multipart/form-data')) throw unsupportedMedia('The body must be multipart/form-data.')
    const announced = contentLength(req)
    if (announced !== undefined && announced > largestBody(bounds, req.services.config.space.file))
      throw tooLarge('The body is larger than all that may be in it.')

    const begin = async (): Promise<ReceivedUpload> => {
      if (!req.user) await authenticateByField?.(req, res)
      req.upload ??= { intake: await beginIntake(req, announced), files: [], images: [] }
      return req.upload
    }
    const engine = new UploadEngine(async (file, request) => {
      const { intake } = await begin()
      const { store } = req.services
      return file.fieldname === fieldOf(bounds, 'images')
        ? { image: await receiveImage(store, intake, file.stream, String(request.user?._id)) }
        : { file: await receiveFile(store, intake, file, request) }
    })
    if (req.user || !authenticateByField) await begin()
    if (res.destroyed) throw malformedUpload(new Error('the client went before its body was read'))
    // what begins late, or fails early, must not go on behind the back of who undoes it
    const abandon = () => req.upload?.intake.abandon()
    res.once('close', abandon)
    await receive(req, res, bounds, engine)
      .finally(() => engine.idle())
      .finally(() => res.off('close', abandon))
    const { files, images } = await begin()
    for (const received of engine.received) {
      if ('file' in received) files.push(received.file)
      else images.push(received.image)
    }
    if (files.length < (bounds.files?.min ?? 0)) throw missing(fieldOf(bounds, 'files'))
    if (images.length < (bounds.images?.min ?? 0)) throw missing(fieldOf(bounds, 'images'))
    next()
  }
}

/** Reserves space for what is announced, at whose cost it is. */
async function beginIntake({ user, asset, services }: Request, announced: number | undefined) {
  if (!user) throw unauthenticated()
  return Intake.begin(services, {
    owner: asset?.owner ?? user._id,
    asset: asset?._id ?? new Types.ObjectId(),
    isNew: !asset,
    announced,
  })
}

/** Resolves when all is stored; rejects with what went wrong first, soon after even if the client sends on. */
async function receive(req: Request, res: Response, bounds: Bounds, engine: UploadEngine): Promise<void> {
  const parse = multer({
    storage: engine,
    defParamCharset: 'utf8',
    limits: { ...FIELDS, fileSize: req.services.config.space.file },
    fileFilter: countFiles(bounds),
  }).any()
  const parsed = new Promise<void>((resolve, reject) => {
    parse(req, res, (error: unknown) => (error ? reject(error) : resolve()))
  })
  // Nobody waits for an answer any more: all is received, or the client has gone.
  const ended = new AbortController()
  const end = () => ended.abort()
  res.once('close', end)
  const failed = engine.failure.then(async (error) => {
    await delay(LINGER_MS, undefined, { signal: ended.signal }).catch(() => undefined)
    throw error
  })
  failed.catch(() => undefined)
  await Promise.race([parsed, failed]).finally(end)
}

function countFiles(bounds: Bounds): NonNullable<multer.Options['fileFilter']> {
  const counts = new Map<string, number>()
  return (_req, { fieldname }, accept) => {
    const kind = KINDS.find((one) => bounds[one] && fieldOf(bounds, one) === fieldname)
    const bound = kind && bounds[kind]
    if (!bound) return accept(validationFailed([{ field: fieldname, message: 'is not a file field here' }]))
    const count = (counts.get(fieldname) ?? 0) + 1
    counts.set(fieldname, count)
    if (count > bound.max) return accept(tooLarge(`There may be ${bound.max} ${fieldname} at the most.`))
    accept(null, true)
  }
}

function contentLength(req: Request): number | undefined {
  const length = req.get('Content-Length')
  return length === undefined ? undefined : Number(length)
}

function largestBody({ files, images }: Bounds, largestFile: number): number {
  return (files?.max ?? 0) * largestFile + (images?.max ?? 0) * PREVIEW_MAX_BYTES + OVERHEAD_BYTES
}

const missing = (field: string) => validationFailed([{ field, message: 'needs a file' }])
