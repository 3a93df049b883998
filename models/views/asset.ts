import { type AssetFields, isLocked, isRetained } from '../asset.ts'
import { accessOf, type Viewer } from '../asset-access.ts'
import type { AssetFile, AssetImage } from '../asset-files.ts'
import type { ListedAsset } from '../asset-page.ts'
import { countFiles, type Whole } from '../file-set.ts'
import { byName } from '../name-key.ts'
import { type VisibleUser, visibleUsers } from '../visible-users.ts'

/** Returns the URL of a file, a preview image or a thumbnail of an asset. */
export type UrlOf = (place: 'files' | 'images', id: string) => string

interface Options {
  viewer: Viewer
  /** The owner; null when the viewer cannot see them. */
  owner: VisibleUser | null
  now: Date
  urlOf: UrlOf
}

/** Serializes an asset for a viewer, without the keys of its objects. An asset that is not whole has its first files. */
export function serializeAsset(asset: ListedAsset & Partial<Whole>, { viewer, owner, now, urlOf }: Options) {
  const thumbnail = asset.images[0]?.thumbnail ?? asset.cover
  return {
    id: asset._id.toString(),
    name: asset.name,
    description: asset.description,
    type: asset.type,
    media: asset.media,
    tags: asset.tags,
    visibility: asset.visibility,
    access: accessOf(asset, viewer),
    owner,
    license: asset.license ?? null,
    source: asset.source ?? null,
    size: asset.size,
    fileCount: countFiles(asset),
    downloads: asset.downloads,
    version: asset.version,
    files: filesInOrder(asset).map((file) => serializeFile(file, urlOf('files', file.id))),
    images: asset.images.map((image) => serializeImage(image, urlOf('images', image.id))),
    thumbnail: thumbnail ? urlOf('images', thumbnail.id) : null,
    lock: serializeLock(asset, now),
    createdAt: asset.createdAt,
    updatedAt: asset.updatedAt,
  }
}

/** Returns a function that returns URLs below a path. */
export const urlsBelow =
  (path: string): UrlOf =>
  (place, id) =>
    `${path}/${place}/${id}`

/** Serializes assets for a viewer, in the same order. @param urlsOf returns the function for the URLs of an asset */
export async function serializeAssets(
  assets: ListedAsset[],
  viewer: Viewer,
  now: Date,
  urlsOf: (asset: ListedAsset) => UrlOf,
) {
  const owners = await visibleUsers(
    assets.map(({ owner }) => owner),
    viewer,
  )
  return assets.map((asset) =>
    serializeAsset(asset, {
      viewer,
      now,
      owner: owners.get(asset.owner.toString()) ?? null,
      urlOf: urlsOf(asset),
    }),
  )
}

/** Returns all files of a whole asset. Earlier releases stored them as they were received. */
const filesInOrder = ({ files, allFiles }: Pick<ListedAsset, 'files'> & Partial<Whole>) =>
  allFiles ? byName(allFiles) : files

const serializeFile = ({ id, name, size, mediaType, sha256 }: AssetFile, url: string) => ({
  id,
  name,
  size,
  mediaType,
  sha256,
  url,
})

const serializeImage = ({ id, mediaType, width, height, size }: AssetImage, url: string) => ({
  id,
  mediaType,
  width,
  height,
  size,
  url,
})

/** Serializes an asset for an admin, without its name and content. */
export function serializeAssetForAdmin(asset: AssetFields, owner: VisibleUser | null, now: Date) {
  const { _id, size, visibility, state, createdAt } = asset
  return { id: _id.toString(), owner, size, visibility, state, lock: serializeLock(asset, now), createdAt }
}

/** Serializes a lock; null when the asset is not locked any more. */
function serializeLock(asset: Pick<AssetFields, 'lock'>, now: Date) {
  if (!asset.lock || !isLocked(asset, now)) return null
  const { mode, until, legalHold } = asset.lock
  return isRetained(asset, now) ? { mode, until, legalHold } : { mode: null, until: null, legalHold }
}
