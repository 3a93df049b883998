import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { AssetImage, Picture } from '../../models/asset-files.ts'
import { type EncodedPicture, makePreview, makeThumbnail } from '../media/preview.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { UploadSession } from './upload-session.ts'

/**
 * Re-encodes a preview image, which drops its metadata, and stores it with its thumbnail.
 *
 * @param user whose turn in the queue of the renderer is used
 */
export async function receiveImage(
  store: ObjectStore,
  uploadSession: UploadSession,
  stream: Readable,
  user: string,
): Promise<AssetImage> {
  const requester = { user, signal: uploadSession.signal }
  const preview = await makePreview(stream, requester, uploadSession)
  const image = await storePicture(store, uploadSession, preview)
  const thumbnail = await storePicture(store, uploadSession, await makeThumbnail(preview.data, requester))
  return { ...image, thumbnail }
}

/** Stores an encoded picture. */
export async function storePicture(
  store: ObjectStore,
  uploadSession: UploadSession,
  picture: EncodedPicture,
): Promise<Picture> {
  const { data, mediaType, width, height } = picture
  const key = uploadSession.nextKey()
  await uploadSession.addBytes(data.length)
  await store.put(key, data)
  const sha256 = createHash('sha256').update(data).digest('hex')
  return { id: randomUUID(), key, size: data.length, sha256, mediaType, width, height }
}
