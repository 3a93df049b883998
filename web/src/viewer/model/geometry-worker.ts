import type { Group, LineSegments, Material, Mesh, Points } from 'three'
import { OBJLoader } from 'three/addons/loaders/OBJLoader.js'
import { PLYLoader } from 'three/addons/loaders/PLYLoader.js'
import { STLLoader } from 'three/addons/loaders/STLLoader.js'
import { textOf } from '../text/decode.ts'
import { buffersOf, type PackedPart, pack } from './geometry.ts'

/** Formats whose loaders of three need no page. The others create pictures or read XML, which workers cannot. */
type GeometryFormat = 'obj' | 'stl' | 'ply'

export interface GeometryTask {
  format: GeometryFormat
  bytes: Uint8Array<ArrayBuffer>
}

export interface Geometry {
  parts: PackedPart[]
  /** Files with materials that the model names. */
  libraries: string[]
}

const READERS: Record<GeometryFormat, (bytes: Uint8Array<ArrayBuffer>) => Geometry> = {
  obj(bytes) {
    const read = new OBJLoader().parse(textOf(bytes)) as Group & { materialLibraries: string[] }
    return { parts: read.children.map(packObject), libraries: read.materialLibraries }
  },
  stl: ({ buffer }) => ({ parts: [pack('mesh', new STLLoader().parse(buffer))], libraries: [] }),
  ply({ buffer }) {
    const geometry = new PLYLoader().parse(buffer)
    return { parts: [pack(geometry.index ? 'mesh' : 'points', geometry)], libraries: [] }
  },
}

function packObject(object: object): PackedPart {
  const { name, geometry, material } = object as Mesh | LineSegments | Points
  const kind = 'isMesh' in object ? 'mesh' : 'isPoints' in object ? 'points' : 'lines'
  const materials = [material].flat().map((one: Material) => ({
    name: one.name,
    flatShading: 'flatShading' in one && one.flatShading === true,
  }))
  return pack(kind, geometry, { name, materials })
}

/** Reads a model. An error ends the worker with the error of the loader. */
addEventListener('message', ({ data: { format, bytes } }: MessageEvent<GeometryTask>) => {
  const geometry = READERS[format](bytes)
  postMessage(geometry, { transfer: geometry.parts.flatMap(buffersOf) })
})
