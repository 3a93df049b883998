import { type AnimationClip, Group, type Object3D } from 'three'
import { assetText } from '../../asset-text.ts'
import { readBytes } from '../bytes.ts'
import type { ModelFormat, ViewedFile } from '../kinds.ts'
import { textOf } from '../text/decode.ts'
import { ModelError } from './check.ts'
import { type FindMaterial, unpack } from './geometry.ts'
import { readGeometry } from './read-geometry.ts'
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

/**
 * Reads a model. Each format is loaded when it is needed first. OBJ, STL and PLY are read by a worker. The loaders of the
 * other formats need the page: they create pictures for textures, or read XML.
 *
 * @throws the errors of the loaders
 */
export async function parseModel(format: ModelFormat, source: Source): Promise<Parsed> {
  await addTextureFormats(source.resources.manager, source.files)
  return PARSERS[format](source)
}

const PARSERS: Record<ModelFormat, (source: Source) => Promise<Parsed>> = {
  glb: gltf,
  gltf,
  async obj({ bytes, resources, signal }) {
    const { parts, libraries } = await readGeometry({ format: 'obj', bytes }, signal)
    return { object: unpack(parts, await materialsOf(libraries, resources, signal)), animations: [] }
  },
  async stl({ bytes, signal }) {
    const { parts } = await readGeometry({ format: 'stl', bytes }, signal)
    return { object: upright(unpack(parts)), animations: [] }
  },
  async ply({ bytes, signal }) {
    const { parts } = await readGeometry({ format: 'ply', bytes }, signal)
    return { object: unpack(parts), animations: [] }
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
    const { scene } = read
    // a unit that is no number, as `0,01` of German programs, would leave nothing to see
    if (!(scene.scale.x > 0)) scene.scale.setScalar(1)
    return { object: scene, animations: scene.animations }
  },
}

/** Reads the materials of an OBJ. One that cannot be read is told as a missing file, and the model is shown without it. */
async function materialsOf(
  libraries: readonly string[],
  resources: Resources,
  signal: AbortSignal,
): Promise<FindMaterial> {
  const texts: string[] = []
  for (const library of new Set(libraries)) {
    const file = resources.find(library)
    const bytes = file && (await readBytes(file, { signal }).catch(() => null))
    signal.throwIfAborted()
    if (bytes) texts.push(textOf(bytes))
    else resources.missing.add(library)
  }
  if (texts.length === 0) return () => undefined
  const { MTLLoader } = await import('three/addons/loaders/MTLLoader.js')
  const creator = new MTLLoader(resources.manager).parse(texts.join('\n'), '')
  creator.preload()
  return (name) => (name in creator.materialsInfo ? creator.create(name) : undefined)
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
  const ktx2 = names.includes('KHR_texture_basisu') ? await createKtx2(resources) : null
  if (ktx2) loader.setKTX2Loader(ktx2)
  try {
    const { scene, scenes, animations } = await loader.parseAsync(bytes.buffer, '')
    const object = scene ?? scenes[0] ?? new Group()
    return { object, animations, unit: 'm' }
  } finally {
    draco?.dispose()
    ktx2?.dispose()
  }
}

const createDraco = async () => new (await import('./draco.ts')).OwnDracoLoader()
const createKtx2 = async ({ manager }: Resources) =>
  new (await import('./ktx2.ts')).OwnKtx2Loader(manager).detect()

/** Formats of 3D printing have Z upwards; the viewer has Y. */
function upright(object: Object3D): Group {
  const group = new Group()
  object.rotation.x = -Math.PI / 2
  group.add(object)
  return group
}
