import {
  type AnimationClip,
  type BufferGeometry,
  Group,
  Mesh,
  MeshStandardMaterial,
  type Object3D,
  Points,
  PointsMaterial,
} from 'three'
import { assetText } from '../../asset-text.ts'
import { readBytes } from '../bytes.ts'
import type { ModelFormat, ViewedFile } from '../kinds.ts'
import { ModelError } from './check.ts'
import { addTextureFormats, type Resources } from './resources.ts'

export interface Parsed {
  object: Object3D
  animations: AnimationClip[]
  /** Unit of lengths, if the format has one. */
  unit?: string
}

interface Source {
  bytes: Uint8Array<ArrayBuffer>
  files: readonly ViewedFile[]
  resources: Resources
  signal: AbortSignal
}

const CLAY = 0xa9b1bd

/** Reads a model. Each format is loaded when it is needed first. @throws the errors of the loaders */
export async function parseModel(format: ModelFormat, source: Source): Promise<Parsed> {
  await addTextureFormats(source.resources.manager, source.files)
  return PARSERS[format](source)
}

const PARSERS: Record<ModelFormat, (source: Source) => Promise<Parsed>> = {
  glb: gltf,
  gltf,
  async obj({ bytes, resources, signal }) {
    const { OBJLoader } = await import('three/addons/loaders/OBJLoader.js')
    const source = textOf(bytes)
    const loader = new OBJLoader(resources.manager)
    const library = /^\s*mtllib\s+(.+?)\s*$/m.exec(source)?.[1]
    const materials = library && resources.find(library)
    if (library && !materials) resources.missing.add(library)
    if (materials) {
      const { MTLLoader } = await import('three/addons/loaders/MTLLoader.js')
      const creator = new MTLLoader(resources.manager).parse(
        textOf(await readBytes(materials, { signal })),
        '',
      )
      creator.preload()
      loader.setMaterials(creator)
    }
    return { object: loader.parse(source), animations: [] }
  },
  async stl({ bytes }) {
    const { STLLoader } = await import('three/addons/loaders/STLLoader.js')
    return { object: upright(shape(new STLLoader().parse(bytes.buffer))), animations: [] }
  },
  async ply({ bytes }) {
    const { PLYLoader } = await import('three/addons/loaders/PLYLoader.js')
    const geometry = new PLYLoader().parse(bytes.buffer)
    return { object: geometry.index ? shape(geometry) : points(geometry), animations: [] }
  },
  async '3mf'({ bytes, resources }) {
    const { ThreeMFLoader } = await import('three/addons/loaders/3MFLoader.js')
    const object = new ThreeMFLoader(resources.manager).parse(bytes.buffer)
    return { object: upright(object), animations: [], unit: 'mm' }
  },
  async fbx({ bytes, resources }) {
    const { FBXLoader } = await import('three/addons/loaders/FBXLoader.js')
    const object = new FBXLoader(resources.manager).parse(bytes.buffer, '')
    return { object, animations: object.animations }
  },
  async dae({ bytes, resources }) {
    const { ColladaLoader } = await import('three/addons/loaders/ColladaLoader.js')
    const read = new ColladaLoader(resources.manager).parse(textOf(bytes), '')
    if (!read) throw new ModelError(assetText.viewer.modelBroken)
    return { object: read.scene, animations: read.scene.animations }
  },
}

async function gltf({ bytes, resources }: Source): Promise<Parsed> {
  const { GLTFLoader } = await import('three/addons/loaders/GLTFLoader.js')
  const loader = new GLTFLoader(resources.manager)
  const names = new TextDecoder('latin1').decode(bytes.subarray(0, 2_000_000))
  if (names.includes('meshopt_compression')) {
    const { MeshoptDecoder } = await import('three/addons/libs/meshopt_decoder.module.js')
    loader.setMeshoptDecoder(MeshoptDecoder)
  }
  const draco = names.includes('KHR_draco_mesh_compression') ? await createDraco() : null
  if (draco) loader.setDRACOLoader(draco)
  try {
    const { scene, scenes, animations } = await loader.parseAsync(bytes.buffer, '')
    const object = scene ?? scenes[0] ?? new Group()
    return { object, animations, unit: 'm' }
  } finally {
    draco?.dispose()
  }
}

const createDraco = async () => new (await import('./draco.ts')).OwnDracoLoader()

/** Returns text in UTF-8, or in UTF-16 with a byte order mark. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

function shape(geometry: BufferGeometry): Mesh {
  if (!geometry.hasAttribute('normal')) geometry.computeVertexNormals()
  const vertexColors = geometry.hasAttribute('color')
  const color = vertexColors ? 0xffffff : CLAY
  return new Mesh(geometry, new MeshStandardMaterial({ color, vertexColors, roughness: 0.65, metalness: 0 }))
}

function points(geometry: BufferGeometry): Points {
  const vertexColors = geometry.hasAttribute('color')
  const color = vertexColors ? 0xffffff : CLAY
  return new Points(geometry, new PointsMaterial({ color, vertexColors, size: 2, sizeAttenuation: false }))
}

/** Formats of 3D printing have Z upwards; the viewer has Y. */
function upright<Shown extends Object3D>(object: Shown): Group {
  const group = new Group()
  object.rotation.x = -Math.PI / 2
  group.add(object)
  return group
}
