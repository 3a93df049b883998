import type { AssetFields, AssetImage, KeptObject, Picture } from './asset.ts'

/** Every object an asset names. */
export function objectsOf({
  files,
  images,
  cover,
}: Pick<AssetFields, 'files' | 'images' | 'cover'>): KeptObject[] {
  return [...files, ...images.flatMap(objectsOfImage), ...(cover ? [cover] : [])]
}

export const objectsOfImage = (image: AssetImage): KeptObject[] => [image, image.thumbnail]

/** Everything of an asset that is there to be looked at: preview images, their thumbnails, its own thumbnail. */
export function picturesOf({ images, cover }: Pick<AssetFields, 'images' | 'cover'>): Picture[] {
  return [...images.flatMap((image) => [image, image.thumbnail]), ...(cover ? [cover] : [])]
}

/**
 * Returns the condition that an asset still names the objects that it named when it was read. The version alone
 * does not say so: a thumbnail is derived data, and is added without a new version.
 */
export const sameObjects = ({ version, cover }: Pick<AssetFields, 'version' | 'cover'>) => ({
  version,
  'cover.key': cover?.key ?? null,
})

export function bytesOf(objects: KeptObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}
