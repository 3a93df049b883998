import { accessOf, type Viewer } from '../asset-access.ts'
import { lockView } from '../asset-lock.ts'
import type { AssetFile, AssetImage, ListedAsset } from '../asset-shape.ts'

/** Whom an asset belongs to, as far as the viewer may know. */
export interface KnownOwner {
  id: string
  username: string
}

interface Sight {
  viewer: Viewer
  /** The owner, if the viewer may know them. */
  owner: KnownOwner | null
  now: Date
  /** Where the asset's files and images are reached, if not at its own address. */
  path?: string
}

/** An asset as a viewer sees it (contract §3); nothing of where its bytes are. */
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
