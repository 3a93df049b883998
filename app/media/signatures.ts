import { type Candidate, type DetectedContent, document, image, model, UNREGISTERED } from './candidate.ts'

/**
 * Signatures of formats that file-type does not know or detects wrongly. FBX, Blender, EXR and Radiance have no
 * registered media type: their media types are those in common use (mime-db).
 */
const BINARY: readonly (readonly [string, DetectedContent])[] = [
  ['glTF\x01\0\0\0', model('model/gltf-binary')],
  ['glTF\x02\0\0\0', model('model/gltf-binary')],
  ['Kaydara FBX Binary  \0', model('application/vnd.autodesk.fbx')],
  ['U3D\0', model('model/u3d')],
  ['PXR-USDC', model(UNREGISTERED)],
  ['3D Geometry File Format ', model(UNREGISTERED)], // Rhino
  ['MS3D000000', model(UNREGISTERED)],
  ['IDP2\x08\0\0\0', model(UNREGISTERED)], // Quake II, III, Wolfenstein, Quake, Half-Life
  ['IDP3\x0f\0\0\0', model(UNREGISTERED)],
  ['IDPC\x02\0\0\0', model(UNREGISTERED)],
  ['IDPO\x06\0\0\0', model(UNREGISTERED)],
  ['IDST\x0a\0\0\0', model(UNREGISTERED)],
  ['IDSQ\x0a\0\0\0', model(UNREGISTERED)],
  ['INTERQUAKEMODEL\0', model(UNREGISTERED)],
  ['BB3D', model(UNREGISTERED)],
  ['3DMO', model(UNREGISTERED)],
  ['quick3Do', model(UNREGISTERED)],
  ['VOX \x96\0\0\0', model(UNREGISTERED)],
  ['Ogawa', model(UNREGISTERED)], // Alembic
  ['DDS \x7c\0\0\0', image('image/vnd.ms-dds')],
  ['\xabKTX 20\xbb', image('image/ktx2')],
  ['v/1\x01', image('image/x-exr')],
]

/** Signatures of formats that are text or begin with a line of text. */
const TEXT: readonly (readonly [RegExp, DetectedContent])[] = [
  [/^; FBX \d/, model('application/vnd.autodesk.fbx')],
  [/^BLENDER[-_\d]/, model('application/x-blender')],
  [/^ISO-10303-21;/, model('model/step')],
  [/^#VRML V[12]\.0/, model('model/vrml')],
  [/^#X3D V\d/, model('model/x3d-vrml')],
  [/^#usda \d/, model('model/vnd.usda')],
  [/^\s*solid\b.{0,400}?\s(?:facet\s+normal|endsolid)\b/is, model('model/stl')],
  [/^\*\*ABCDEFGHIJKLMNOPQRSTUVWXYZ/, model('model/vnd.parasolid.transmit.text')],
  [/^ply[\r\n]+(?:(?:comment|obj_info)[^\r\n]*[\r\n]+)*format (?:ascii|binary_)/, model(UNREGISTERED)],
  [/^(?:ST)?C?N?4?n?OFF(?: BINARY)?\s+(?:#|\d)/, model(UNREGISTERED)],
  [/^xof 030[23](?:txt|bin|tzip|bzip) ?00/, model(UNREGISTERED)], // DirectX
  [/^FORM.{4}(?:LWOB|LWLO|LWO2|LWO3|LXOB)/s, model(UNREGISTERED)], // LightWave, Modo
  [/^LWSC\s+\d/, model(UNREGISTERED)],
  [/^\*3DSMAX_ASCIIEXPORT\s/, model(UNREGISTERED)],
  [/^AC3D[0-9a-f]\s/, model(UNREGISTERED)],
  [/^HIERARCHY\s+ROOT\s/, model(UNREGISTERED)], // BVH
  [/^Caligari V\d/, model(UNREGISTERED)],
  [/^MD5Version \d/, model(UNREGISTERED)],
  [/^#\?(?:RADIANCE|RGBE)\s/, image('image/vnd.radiance')],
  [/^%PDF-\d/, document('application/pdf')],
  [/^\{\\rtf/, document('application/rtf')],
  [/^%!PS-Adobe-\d\.\d EPSF-/, image('application/postscript')],
  [/^%!PS/, document('application/postscript')],
]

/** Detects a format by its signature. */
export function bySignature({ head, text }: Candidate): DetectedContent | undefined {
  if (text?.certain) return byText(text.content)
  const bytes = head.toString('latin1')
  return BINARY.find(([signature]) => bytes.startsWith(signature))?.[1] ?? byText(bytes)
}

const byText = (beginning: string) => TEXT.find(([pattern]) => pattern.test(beginning))?.[1]

const STL_HEADER = 84
const STL_FACET = 50
const TGA_IMAGE_TYPES = [1, 2, 3, 9, 10, 11, 32, 33]
const TGA_DEPTHS = [8, 15, 16, 24, 32]

/** Detects binary formats without a signature: checks whether their header fits the size of the file. */
export function byStructure(file: Candidate): DetectedContent | undefined {
  if (isBinaryStl(file)) return model('model/stl')
  if (is3ds(file)) return model('application/x-3ds')
  if (isJt(file)) return model('model/jt')
  return isTga(file) ? image('image/x-tga') : undefined
}

/** Checks that the size matches the number of facets after a header of 80 bytes. No facets are accepted with .stl only. */
function isBinaryStl({ extension, head, size }: Candidate): boolean {
  if (size < STL_HEADER || head.length < STL_HEADER) return false
  const facets = head.readUInt32LE(80)
  return size === STL_HEADER + STL_FACET * facets && (facets > 0 || extension === 'stl')
}

/** Checks that the main chunk spans the whole file. With .3ds it can be shorter. */
function is3ds({ extension, head, size }: Candidate): boolean {
  if (head.length < 12 || head.readUInt16LE(0) !== 0x4d4d) return false
  const length = head.readUInt32LE(2)
  return length === size || (extension === '3ds' && length >= 12 && length <= size)
}

/** Checks for a plausible header of a .tga. Truevision TGA has a signature only at its end. */
function isTga({ extension, head }: Candidate): boolean {
  if (extension !== 'tga' || head.length < 18) return false
  return (
    head.readUInt8(1) <= 1 &&
    TGA_IMAGE_TYPES.includes(head.readUInt8(2)) &&
    head.readUInt16LE(12) > 0 &&
    head.readUInt16LE(14) > 0 &&
    TGA_DEPTHS.includes(head.readUInt8(16))
  )
}

/** Checks that a .jt begins with the text "Version n.n" (ISO 14306). */
function isJt({ extension, head }: Candidate): boolean {
  return extension === 'jt' && /^Version \d+\.\d/.test(head.toString('latin1', 0, 16))
}
