import { lookup } from 'mime-types'
import { type Candidate, type DetectedContent, document, image, model, UNREGISTERED } from './candidate.ts'
import { byAnyElement } from './markup.ts'
import { mediaOf } from './media-types.ts'

interface TextFormat {
  identity: DetectedContent
  /** Returns whether the text has this format. */
  proves: (content: string, whole: boolean) => boolean
}

const statement = (keywords: string) => {
  const pattern = new RegExp(`^(?:${keywords})(?:\\s|$)`)
  return (content: string, whole: boolean) => {
    const first = content.split(/[\r\n]+/).find((line) => line.trim() !== '' && !line.trim().startsWith('#'))
    return first === undefined ? !whole : pattern.test(first.trim())
  }
}
const OBJ_STATEMENT =
  'v|vt|vn|vp|f|l|p|o|g|s|mg|mtllib|usemtl|maplib|usemap|cstype|deg|bmat|step|curv2?|surf|call|csh|shadow_obj|lod'
const MTL_STATEMENT = 'newmtl|K[adesfn]|Ns|Ni|Tf|Tr|d|illum|map_\\w+|bump|disp|decal|refl|norm'
const GLTF_MEMBER = /"(?:asset|scenes?|nodes|meshes|accessors|buffers|bufferViews|extensionsUsed)"\s*:/

const FORMATS: Readonly<Record<string, TextFormat>> = {
  obj: { identity: model('model/obj'), proves: statement(OBJ_STATEMENT) },
  mtl: { identity: model('model/mtl'), proves: statement(MTL_STATEMENT) },
  gltf: { identity: model('model/gltf+json'), proves: isGltf },
  fbx: {
    identity: model('application/vnd.autodesk.fbx'),
    proves: (content) => /^FBXHeaderExtension\s*:/m.test(content),
  },
  ...sameFormat(['igs', 'iges'], {
    identity: model('model/iges'),
    proves: (content) => /^.{72}S {0,6}0*1\s*$/m.test(content.slice(0, 100)),
  }),
  dxf: { identity: model('image/vnd.dxf'), proves: isDxf },
  ogex: { identity: model('model/vnd.opengex'), proves: (content) => /^\s*\w+\s*[({]/.test(content) },
  smd: { identity: model(UNREGISTERED), proves: (content) => /^\s*version\s+1\s/.test(content) },
  svg: {
    identity: image('image/svg+xml'),
    proves: (content) => /^\s*<[?!].*<(?:!DOCTYPE\s+|\w+:)?svg[\s>]/s.test(content),
  },
}

/**
 * Detects text without a signature: by the extension if the text confirms it, then as markup, otherwise as plain text.
 * Returns undefined when the bytes are not certainly text.
 */
export function byExtension(file: Candidate): DetectedContent | undefined {
  const { extension, text, whole } = file
  if (text === null) return undefined
  const format = Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined
  if (format?.proves(text.content, whole)) return format.identity
  return (text.certain ? byName(file) : undefined) ?? byAnyElement(file) ?? plain(file)
}

function byName({ extension, text, whole }: Candidate): DetectedContent | undefined {
  const mediaType = lookup(extension)
  if (text === null || mediaType === false || mediaOf(mediaType) !== 'document') return undefined
  if (/[+/]json$/.test(mediaType)) return isJson(text.content, whole) ? document(mediaType) : undefined
  if (/[+/]xml$/.test(mediaType)) return /^\s*</.test(text.content) ? document(mediaType) : undefined
  return isTextType(mediaType) ? document(mediaType) : undefined
}

const isTextType = (mediaType: string) =>
  mediaType.startsWith('text/') || /^application\/(?:toml|sql|x-sh|x-subrip|graphql)$/.test(mediaType)

function plain({ text, size }: Candidate): DetectedContent | undefined {
  return text?.certain && size > 0 ? document('text/plain') : undefined
}

/**
 * Checks that a DXF file begins with a section. A file is a sequence of two lines: a group code and its value. Comments
 * (code 999) and blank lines can precede the section. A pattern for this needs exponential time.
 */
function isDxf(content: string): boolean {
  const lines = content.split(/\r\n?|\n/).map((line) => line.trim())
  let at = 0
  while (lines[at] === '' || lines[at] === '999') at += lines[at] === '' ? 1 : 2
  return lines[at] === '0' && lines[at + 1] === 'SECTION'
}

/** Returns whether the text is JSON. Parses it when it is the whole file, otherwise checks the first character. */
function isJson(content: string, whole: boolean): boolean {
  return whole ? parse(content) !== undefined : /^\s*[[{]/.test(content)
}

/** Checks for the property `asset`, which glTF 2.0 §5.17 requires. When the head is not the whole file, any glTF property is enough. */
function isGltf(content: string, whole: boolean): boolean {
  if (!whole) return /^\s*\{/.test(content) && GLTF_MEMBER.test(content)
  const root = parse(content)
  return typeof root === 'object' && root !== null && 'asset' in root && typeof root.asset === 'object'
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function sameFormat(extensions: string[], format: TextFormat): Record<string, TextFormat> {
  return Object.fromEntries(extensions.map((extension) => [extension, format]))
}
