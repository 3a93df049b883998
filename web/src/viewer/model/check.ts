import { strFromU8, unzipSync } from 'three/addons/libs/fflate.module.js'
import { assetText } from '../../asset-text.ts'
import type { ModelFormat } from '../kinds.ts'
import { textOf } from '../text/decode.ts'

/** Most bytes that glTF says its arrays have. */
const MAX_ARRAY_BYTES = 1_500_000_000
/** Most bytes of the content of a 3MF, whose XML is read by the page. */
const MAX_ZIP_BYTES = 400_000_000
/** Most parts of a model, counted each time that it contains them. */
const MAX_PARTS = 200_000
/** Most parts of a model that lie in each other. */
const MAX_DEPTH = 1000

export class ModelError extends Error {}

interface Gltf {
  asset?: { version?: string }
  accessors?: { count?: number }[]
  nodes?: { children?: number[] }[]
}

const GLB_MAGIC = 0x46546c67
const GLB_HEADER_BYTES = 20
/** Bytes of one element of an array, about. */
const ELEMENT_BYTES = 16

/**
 * Refuses models that would fill the memory or never end: a small archive with large content, arrays without bytes, parts
 * that contain themselves, or each other many times. Only for formats that the page reads: a worker can be ended.
 *
 * @throws ModelError
 */
export function checkModel(format: ModelFormat, bytes: Uint8Array): void {
  if (format === '3mf') check3mf(bytes)
  if (format === 'glb' || format === 'gltf') checkGltf(jsonOf(bytes))
  if (format === 'dae') checkParts(partsOfXml(textOf(bytes), COLLADA))
}

function check3mf(bytes: Uint8Array): void {
  let expanded = 0
  const models = unzipSync(bytes, {
    filter({ name, originalSize }) {
      expanded += originalSize
      if (expanded > MAX_ZIP_BYTES) throw new ModelError(assetText.viewer.modelTooLarge)
      return /\.model$/i.test(name)
    },
  })
  for (const model of Object.values(models)) checkParts(partsOfXml(strFromU8(model), THREE_MF))
}

function jsonOf(bytes: Uint8Array): Gltf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isBinary = bytes.length > GLB_HEADER_BYTES && view.getUint32(0, true) === GLB_MAGIC
  const json = isBinary
    ? bytes.subarray(GLB_HEADER_BYTES, GLB_HEADER_BYTES + view.getUint32(12, true))
    : bytes
  return JSON.parse(new TextDecoder().decode(json))
}

function checkGltf({ asset, accessors = [], nodes = [] }: Gltf): void {
  // the first version has no arrays
  if (!Array.isArray(accessors) || asset?.version?.startsWith('1'))
    throw new ModelError(assetText.viewer.modelOld)
  let expanded = 0
  for (const { count = 0 } of accessors) expanded += count * ELEMENT_BYTES
  if (expanded > MAX_ARRAY_BYTES) throw new ModelError(assetText.viewer.modelTooLarge)
  checkParts(new Map(nodes.map(({ children = [] }, index) => [String(index), children.map(String)])))
}

/** The parts of a model by id, each with the ids of the parts in it. */
type Parts = Map<string, string[]>

/** The names in XML of a part and of its use in another part. */
interface PartNames {
  part: string
  id: string
  use: string
  of: string
}

const COLLADA: PartNames = { part: 'node', id: 'id', use: 'instance_node', of: 'url' }
const THREE_MF: PartNames = { part: 'object', id: 'id', use: 'component', of: 'objectid' }

/** Returns the parts of XML. A part inside another one is in it. */
function partsOfXml(xml: string, { part, id, use, of }: PartNames): Parts {
  const parts: Parts = new Map()
  if (!xml.includes(use)) return parts
  const around: string[] = []
  const contain = (name: string) => parts.get(around.at(-1) ?? '')?.push(name)
  const tags = new RegExp(`<(/?)(?:[\\w-]+:)?(${part}|${use})(?=[\\s/>])([^<>]*)>`, 'g')
  for (const [tag, end, name, attributes = ''] of xml.matchAll(tags)) {
    if (name === use) contain(attributeOf(attributes, of).replace(/^#/, ''))
    else if (end) around.pop()
    else {
      const own = attributeOf(attributes, id) || `part ${parts.size}`
      contain(own)
      if (!parts.has(own)) parts.set(own, [])
      if (!tag.endsWith('/>')) around.push(own)
    }
  }
  return parts
}

const attributeOf = (attributes: string, name: string): string =>
  new RegExp(`(?:^|\\s)${name}\\s*=\\s*(["'])(.*?)\\1`).exec(attributes)?.[2] ?? ''

function checkParts(parts: Parts): void {
  const counts = new Map<string, number>()
  const countOf = (id: string, depth: number): number => {
    const known = counts.get(id)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH) throw new ModelError(assetText.viewer.modelBroken)
    // the answer for a part that contains itself
    counts.set(id, Number.POSITIVE_INFINITY)
    const count = (parts.get(id) ?? []).reduce((sum, child) => sum + countOf(child, depth + 1), 1)
    counts.set(id, count)
    return count
  }
  for (const id of parts.keys())
    if (countOf(id, 0) > MAX_PARTS) throw new ModelError(assetText.viewer.modelBroken)
}
