import type { AssetFields, AssetImage, KeptObject, Picture } from './asset-shape.ts'

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

export function bytesOf(objects: KeptObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}
