import { type Candidate, document, type Identity, image, model, UNREGISTERED } from './candidate.ts'

/**
 * Formats that name themselves in their first bytes and that file-type does not know or takes for something
 * else. FBX, Blender, EXR and Radiance have no registered media type: theirs are those in common use (mime-db).
 */
const BINARY: readonly (readonly [string, Identity])[] = [
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

/** The same for formats that are text, or begin with a line of it. */
const TEXT: readonly (readonly [RegExp, Identity])[] = [
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

export function bySignature({ head, text }: Candidate): Identity | undefined {
  if (text?.certain) return byText(text.content)
  const bytes = head.toString('latin1')
  return BINARY.find(([signature]) => bytes.startsWith(signature))?.[1] ?? byText(bytes)
}

const byText = (beginning: string) => TEXT.find(([pattern]) => pattern.test(beginning))?.[1]
