import { Box3, type BufferGeometry, type Material, type Object3D, Texture, Vector3 } from 'three'

type Drawn = Object3D & { geometry: BufferGeometry; material: Material | Material[] }

const isDrawn = (object: Object3D): object is Drawn => 'geometry' in object && 'material' in object

/** Calls a function for every part of a model that is drawn. */
export function eachDrawn(object: Object3D, act: (part: Drawn) => void): void {
  object.traverse((part) => {
    if (isDrawn(part)) act(part)
  })
}

export const materialsOf = ({ material }: Drawn): Material[] =>
  Array.isArray(material) ? material : [material]

export interface Measures {
  triangles: number
  /** Lengths along the axes of the viewer. */
  size: { x: number; y: number; z: number }
  box: Box3
}

/** Returns how large a model is. */
export function measure(object: Object3D): Measures {
  object.updateMatrixWorld(true)
  let triangles = 0
  eachDrawn(object, (part) => {
    const { index, attributes } = part.geometry
    if ('isMesh' in part) triangles += Math.floor((index?.count ?? attributes.position?.count ?? 0) / 3)
  })
  const box = new Box3().setFromObject(object)
  if (!Number.isFinite(box.min.length()) || !Number.isFinite(box.max.length())) box.makeEmpty()
  const { x, y, z } = box.isEmpty() ? new Vector3() : box.getSize(new Vector3())
  return { triangles, size: { x, y, z }, box }
}

/** Removes textures whose picture is missing from the materials of a model. They would be drawn black. */
export function removeEmptyTextures(object: Object3D): void {
  eachDrawn(object, (part) => {
    for (const material of materialsOf(part))
      for (const [slot, value] of Object.entries(material))
        if (value instanceof Texture && isEmpty(value))
          Object.assign(material, { [slot]: null, needsUpdate: true })
  })
}

function isEmpty({ image }: Texture): boolean {
  const { width = 0, complete = true } = (image ?? {}) as { width?: number; complete?: boolean }
  return width === 0 || !complete
}

/** Frees the memory of the graphics card that a model takes. */
export function disposeModel(object: Object3D): void {
  eachDrawn(object, (part) => {
    part.geometry.dispose()
    if ('skeleton' in part) (part.skeleton as { dispose(): void }).dispose()
    for (const material of materialsOf(part)) {
      for (const value of Object.values(material)) {
        if (!(value instanceof Texture)) continue
        value.dispose()
        if (value.image instanceof ImageBitmap) value.image.close()
      }
      material.dispose()
    }
  })
}
