import {
  Box3,
  BufferAttribute,
  BufferGeometry,
  Group,
  LineBasicMaterial,
  LineSegments,
  Material,
  Mesh,
  MeshStandardMaterial,
  Points,
  PointsMaterial,
  Sphere,
  type TypedArray,
  Vector3,
} from 'three'

const CLAY = 0xa9b1bd

type Kind = 'mesh' | 'lines' | 'points'

/** The look of a surface as far as the geometry knows it. */
interface PackedMaterial {
  name: string
  flatShading: boolean
}

/** A part of a model without functions, as a worker sends it. */
export interface PackedPart {
  kind: Kind
  name: string
  attributes: { name: string; array: TypedArray; itemSize: number; normalized: boolean }[]
  index: TypedArray | null
  groups: { start: number; count: number; materialIndex?: number | undefined }[]
  materials: PackedMaterial[]
  /** Lowest and highest corner, and the sphere around it: centre and radius. */
  box: number[]
  sphere: number[]
}

/** Takes a geometry apart. Computes here, in the worker, what a page would compute to draw it. */
export function pack(
  kind: Kind,
  geometry: BufferGeometry,
  { name = '', materials = [] }: { name?: string; materials?: PackedMaterial[] } = {},
): PackedPart {
  if (kind === 'mesh' && !geometry.hasAttribute('normal')) geometry.computeVertexNormals()
  geometry.computeBoundingBox()
  geometry.computeBoundingSphere()
  const { min, max } = geometry.boundingBox ?? new Box3()
  const { center, radius } = geometry.boundingSphere ?? new Sphere()
  return {
    kind,
    name,
    materials,
    attributes: Object.entries(geometry.attributes).map(([key, { array, itemSize, normalized }]) => ({
      name: key,
      array,
      itemSize,
      normalized,
    })),
    index: geometry.index?.array ?? null,
    groups: geometry.groups,
    box: [...min.toArray(), ...max.toArray()],
    sphere: [...center.toArray(), radius],
  }
}

/** Returns the memory of a part, which changes hands instead of being copied. */
export const buffersOf = ({ attributes, index }: PackedPart): ArrayBuffer[] =>
  [
    ...new Set(
      [...attributes.map(({ array }) => array), ...(index ? [index] : [])].map(({ buffer }) => buffer),
    ),
  ] as ArrayBuffer[]

/** Returns a material for a name of the model; undefined: the model has none of this name. */
export type FindMaterial = (name: string) => Material | undefined

/** Puts parts together that `pack` took apart. Surfaces without a material look like clay. */
export function unpack(parts: readonly PackedPart[], find: FindMaterial = () => undefined): Group {
  const group = new Group()
  const made = new Map<string, Material>()
  for (const part of parts) {
    const geometry = geometryOf(part)
    const vertexColors = geometry.hasAttribute('color')
    const materialOf = ({ name, flatShading }: PackedMaterial) => {
      const key = [part.kind, name, flatShading, vertexColors].join(' ')
      const material = made.get(key) ?? createMaterial(part.kind, find(name), { flatShading, vertexColors })
      material.name = name
      made.set(key, material)
      return material
    }
    const materials = part.materials.length > 0 ? part.materials : [{ name: '', flatShading: false }]
    const [first, ...others] = materials.map(materialOf)
    const look = first && others.length > 0 ? [first, ...others] : first
    const object =
      part.kind === 'mesh'
        ? new Mesh(geometry, look)
        : part.kind === 'lines'
          ? new LineSegments(geometry, look)
          : new Points(geometry, look)
    object.name = part.name
    group.add(object)
  }
  return group
}

function geometryOf({ attributes, index, groups, box, sphere }: PackedPart): BufferGeometry {
  const geometry = new BufferGeometry()
  for (const { name, array, itemSize, normalized } of attributes)
    geometry.setAttribute(name, new BufferAttribute(array, itemSize, normalized))
  if (index) geometry.setIndex(new BufferAttribute(index, 1))
  for (const { start, count, materialIndex } of groups) geometry.addGroup(start, count, materialIndex)
  geometry.boundingBox = new Box3(new Vector3().fromArray(box), new Vector3().fromArray(box, 3))
  geometry.boundingSphere = new Sphere(new Vector3().fromArray(sphere), sphere[3])
  return geometry
}

interface Look {
  flatShading: boolean
  vertexColors: boolean
}

function createMaterial(
  kind: Kind,
  found: Material | undefined,
  { flatShading, vertexColors }: Look,
): Material {
  if (found && kind === 'mesh') return found
  const color = vertexColors ? 0xffffff : CLAY
  if (kind === 'mesh')
    return new MeshStandardMaterial({ color, vertexColors, flatShading, roughness: 0.65, metalness: 0 })
  const material =
    kind === 'lines'
      ? new LineBasicMaterial({ color, vertexColors })
      : new PointsMaterial({ color, vertexColors, size: 2, sizeAttenuation: false })
  if (found) {
    // the material of the file is for surfaces
    Material.prototype.copy.call(material, found)
    if ('color' in found) material.color.copy(found.color as typeof material.color)
  }
  return material
}
