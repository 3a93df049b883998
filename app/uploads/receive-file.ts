import { randomUUID } from 'node:crypto'
import { pipeline, type Readable } from 'node:stream'
import type { Request } from 'express'
import type { StorageEngine } from 'multer'
import type { AssetFile } from '../../models/asset.ts'
import { detectContent } from '../media/detect-content.ts'
import { cleanFileName } from '../media/file-name.ts'
import { Meter } from '../storage/meter.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { UploadSession } from './upload-session.ts'

/** Streams one file of a multipart request into the store. Counts its bytes and detects its content. */
export async function receiveFile(
  store: ObjectStore,
  uploadSession: UploadSession,
  file: Express.Multer.File,
  request: Request,
): Promise<AssetFile> {
  await uploadSession.addFile()
  const key = uploadSession.nextKey()
  const meter = new Meter({ take: (bytes) => uploadSession.addBytes(bytes) })
  const engine = store.engine({
    key: () => key,
    meter: ({ stream }) => pipeline(stream, meter, () => undefined),
  })
  await handle(engine, request, file)
  return describe(key, file.originalname, meter)
}

/** A file that is sent without a multipart body. */
export interface IncomingFile {
  name: string
  /** The announced size in bytes. */
  size: number
  /** An error of the stream leaves no object in the store. */
  stream: Readable
  /** Called with the number of bytes of each counted chunk. */
  passed?: (bytes: number) => void
}

/** Streams a file that is sent without a multipart body into the store. Does the same as `receiveFile`. */
export async function receiveStream(
  store: ObjectStore,
  uploadSession: UploadSession,
  { name, size, stream, passed }: IncomingFile,
): Promise<AssetFile> {
  await uploadSession.addFile()
  const key = uploadSession.nextKey()
  const take = async (bytes: number) => {
    await uploadSession.addBytes(bytes)
    passed?.(bytes)
  }
  const meter = new Meter({ take })
  const metered = pipeline(stream, meter, () => undefined)
  await store.put(key, metered, undefined, size)
  return describe(key, name, meter)
}

async function describe(key: string, originalName: string, meter: Meter): Promise<AssetFile> {
  const name = cleanFileName(originalName)
  const { size, sha256, head } = meter
  return { id: randomUUID(), key, name, size, sha256, ...(await detectContent(name, head, size)) }
}

/** Calls a storage engine as Multer does (https://github.com/expressjs/multer/blob/main/StorageEngine.md). */
function handle(engine: StorageEngine, request: Request, file: Express.Multer.File): Promise<void> {
  return new Promise((resolve, reject) => {
    engine._handleFile(request, file, (error) => (error ? reject(error) : resolve()))
  })
}
