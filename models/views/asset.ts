import {
  type AssetFields,
  type AssetFile,
  type AssetImage,
  isKept,
  isLocked,
  type ListedAsset,
} from '../asset.ts'
import { accessOf, type Viewer } from '../asset-access.ts'

/** The owner of an asset, if the viewer may see them. */
export interface VisibleOwner {
  id: string
  username: string
}

interface Sight {
  viewer: Viewer
  /** The owner; null when the viewer may not see them. */
  owner: VisibleOwner | null
  now: Date
  /** The path of the asset's files and images; default: the asset's own. */
  path?: string
}

/** Serializes an asset for a viewer, without the keys of its objects. */
export function assetView(
  asset: ListedAsset,
  { viewer, owner, now, path = `/api/assets/${asset._id}` }: Sight,
) {
  const picture = (id: string) => `${path}/images/${id}`
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
    size: asset.size,
    downloads: asset.downloads,
    version: asset.version,
    files: asset.files.map((file) => fileView(file, `${path}/files/${file.id}`)),
    images: asset.images.map((image) => imageView(image, picture(image.id))),
    thumbnail: thumbnail ? picture(thumbnail.id) : null,
    lock: lockView(asset, now),
    createdAt: asset.createdAt,
    updatedAt: asset.updatedAt,
  }
}

const fileView = ({ id, name, size, mediaType, sha256 }: AssetFile, url: string) => ({
  id,
  name,
  size,
  mediaType,
  sha256,
  url,
})

const imageView = ({ id, mediaType, width, height, size }: AssetImage, url: string) => ({
  id,
  mediaType,
  width,
  height,
  size,
  url,
})

/** Serializes an asset for an admin: only what an admin needs, not its name or content. */
export function adminAssetView(asset: AssetFields, owner: VisibleOwner | null, now: Date) {
  const { _id, size, visibility, state, createdAt } = asset
  return { id: _id.toString(), owner, size, visibility, state, lock: lockView(asset, now), createdAt }
}

/** Serializes a lock; null when it no longer holds. */
export function lockView(asset: Pick<AssetFields, 'lock'>, now: Date) {
  if (!asset.lock || !isLocked(asset, now)) return null
  const { mode, until, legalHold } = asset.lock
  return isKept(asset, now) ? { mode, until, legalHold } : { mode: null, until: null, legalHold }
}
