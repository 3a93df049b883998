import { setTimeout as delay } from 'node:timers/promises'
import type { Request, RequestHandler, Response } from 'express'
import { Types } from 'mongoose'
import multer from 'multer'
import { receiveFile } from '../app/assets/receive-file.ts'
import { receiveImage } from '../app/assets/receive-image.ts'
import { tooLarge, unauthenticated, unsupportedMedia, validationFailed } from '../app/errors.ts'
import { PREVIEW_MAX_BYTES } from '../app/media/preview.ts'
import { Intake, OVERHEAD_BYTES } from '../app/space/intake.ts'
import { UploadEngine } from '../app/storage/upload-engine.ts'

/** How many files a request may bring in each of its two kinds of field. */
interface Bounds {
  files?: { min: number; max: number }
  images?: { min: number; max: number }
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
export function upload(bounds: Bounds): RequestHandler {
  return async (req, res, next) => {
    if (!req.is('multipart/form-data')) throw unsupportedMedia('The body must be multipart/form-data.')
    const announced = contentLength(req)
    if (announced !== undefined && announced > largestBody(bounds, req.services.config.space.file))
      throw tooLarge('The body is larger than all that may be in it.')

    const { user, asset, services } = req
    if (!user) throw unauthenticated()
    const intake = await Intake.begin(services, {
      owner: asset?.owner ?? user._id,
      asset: asset?._id ?? new Types.ObjectId(),
      isNew: !asset,
      announced,
    })
    const engine = new UploadEngine(async (file, request) =>
      file.fieldname === 'images'
        ? { image: await receiveImage(services.store, intake, file.stream) }
        : { file: await receiveFile(services.store, intake, file, request) },
    )
    req.upload = { intake, engine, files: [], images: [] }
    await receive(req, res, bounds, engine)
    for (const received of engine.received) {
      if ('file' in received) req.upload.files.push(received.file)
      else req.upload.images.push(received.image)
    }
    if (req.upload.files.length < (bounds.files?.min ?? 0)) throw missing('files')
    if (req.upload.images.length < (bounds.images?.min ?? 0)) throw missing('images')
    next()
  }
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
  const ended = new AbortController()
  const failed = engine.failure.then(async (error) => {
    await delay(LINGER_MS, undefined, { signal: ended.signal })
    throw error
  })
  failed.catch(() => undefined)
  await Promise.race([parsed, failed]).finally(() => ended.abort())
}

function countFiles(bounds: Bounds): NonNullable<multer.Options['fileFilter']> {
  const counts = new Map<string, number>()
  return (_req, { fieldname }, accept) => {
    const bound = fieldname === 'files' || fieldname === 'images' ? bounds[fieldname] : undefined
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
