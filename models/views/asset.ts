import { type AssetFields, isLocked, isRetained } from '../asset.ts'
import { accessOf, type Viewer } from '../asset-access.ts'
import type { AssetFile, AssetImage } from '../asset-files.ts'
import type { ListedAsset } from '../asset-search.ts'
import { countFiles, knownFiles, type Whole } from '../file-set.ts'
import { type VisibleUser, visibleUsers } from '../visible-users.ts'

interface Options {
  viewer: Viewer
  /** The owner; null when the viewer cannot see them. */
  owner: VisibleUser | null
  now: Date
  /** The path before `/files/…` and `/images/…`; default: the path of the asset. */
  path?: string
}

/** Serializes an asset for a viewer, without the keys of its objects. An asset that is not whole has its first files. */
export function serializeAsset(
  asset: ListedAsset & Partial<Whole>,
  { viewer, owner, now, path = `/api/assets/${asset._id}` }: Options,
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
    fileCount: countFiles(asset),
    downloads: asset.downloads,
    version: asset.version,
    files: knownFiles(asset).map((file) => serializeFile(file, `${path}/files/${file.id}`)),
    images: asset.images.map((image) => serializeImage(image, picture(image.id))),
    thumbnail: thumbnail ? picture(thumbnail.id) : null,
    lock: serializeLock(asset, now),
    createdAt: asset.createdAt,
    updatedAt: asset.updatedAt,
  }
}

/** Serializes assets for a viewer, in the same order. */
export async function serializeAssets(assets: ListedAsset[], viewer: Viewer, now: Date) {
  const owners = await visibleUsers(
    assets.map(({ owner }) => owner),
    viewer,
  )
  return assets.map((asset) =>
    serializeAsset(asset, { viewer, now, owner: owners.get(asset.owner.toString()) ?? null }),
  )
}

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
export function serializeLock(asset: Pick<AssetFields, 'lock'>, now: Date) {
  if (!asset.lock || !isLocked(asset, now)) return null
  const { mode, until, legalHold } = asset.lock
  return isRetained(asset, now) ? { mode, until, legalHold } : { mode: null, until: null, legalHold }
}
