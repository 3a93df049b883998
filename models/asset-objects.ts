import type { AssetFields, AssetImage, KeptObject } from './asset-shape.ts'

/** Every object an asset names. */
export function objectsOf({
  files,
  images,
  cover,
}: Pick<AssetFields, 'files' | 'images' | 'cover'>): KeptObject[] {
  return [...files, ...images.flatMap(objectsOfImage), ...(cover ? [cover] : [])]
}

export const objectsOfImage = (image: AssetImage): KeptObject[] => [image, image.thumbnail]

export function bytesOf(objects: KeptObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}
