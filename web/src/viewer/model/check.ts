import { unzipSync } from 'three/addons/libs/fflate.module.js'
import { assetText } from '../../asset-text.ts'
import type { ModelFormat } from '../kinds.ts'

/** Most bytes that the content of a compressed model has, and that a glTF says its arrays have. */
const MAX_EXPANDED_BYTES = 1_500_000_000

export class ModelError extends Error {}

interface Gltf {
  accessors?: { count?: number }[]
  nodes?: { children?: number[] }[]
}

const GLB_MAGIC = 0x46546c67
const GLB_HEADER_BYTES = 20
/** Bytes of one element of an array, about. */
const ELEMENT_BYTES = 16

/**
 * Refuses models that would fill the memory or never end: a small archive with large content, arrays without bytes, nodes
 * that contain themselves.
 *
 * @throws ModelError
 */
export function checkModel(format: ModelFormat, bytes: Uint8Array): void {
  if (format === '3mf') checkZip(bytes)
  if (format === 'glb' || format === 'gltf') checkGltf(jsonOf(bytes))
}

function checkZip(bytes: Uint8Array): void {
  let expanded = 0
  unzipSync(bytes, {
    filter: ({ originalSize }) => {
      expanded += originalSize
      return false
    },
  })
  if (expanded > MAX_EXPANDED_BYTES) throw new ModelError(assetText.viewer.modelTooLarge)
}

function jsonOf(bytes: Uint8Array): Gltf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isBinary = bytes.length > GLB_HEADER_BYTES && view.getUint32(0, true) === GLB_MAGIC
  const json = isBinary
    ? bytes.subarray(GLB_HEADER_BYTES, GLB_HEADER_BYTES + view.getUint32(12, true))
    : bytes
  return JSON.parse(new TextDecoder().decode(json))
}

function checkGltf({ accessors = [], nodes = [] }: Gltf): void {
  let expanded = 0
  for (const { count = 0 } of accessors) expanded += count * ELEMENT_BYTES
  if (expanded > MAX_EXPANDED_BYTES) throw new ModelError(assetText.viewer.modelTooLarge)
  // a node has one parent at most, so that from a node upwards there is an end
  const parents = new Map<number, number>()
  nodes.forEach(({ children = [] }, parent) => {
    for (const child of children) parents.set(child, parent)
  })
  for (const start of parents.keys()) {
    let steps = 0
    for (let at = parents.get(start); at !== undefined; at = parents.get(at))
      if (++steps > nodes.length) throw new ModelError(assetText.viewer.modelBroken)
  }
}
