/** What a viewer needs to know of a file: a part of the file of the API. */
export interface ViewedFile {
  id: string
  name: string
  /** In bytes. */
  size: number
  mediaType: string
  url: string
}

/** Kinds of files that can be shown, in the order in which an asset with several is shown. */
export const KINDS = ['model', 'image', 'video', 'audio', 'pdf', 'text'] as const
export type Kind = (typeof KINDS)[number]

/** Extensions of models that can be shown. */
export const MODEL_FORMATS = ['glb', 'gltf', 'obj', 'stl', 'ply', '3mf', 'fbx', 'dae'] as const
export type ModelFormat = (typeof MODEL_FORMATS)[number]

/** Formats of images that browsers show. */
const IMAGE = /^image\/(?:png|apng|jpeg|webp|gif|avif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/
const TEXT =
  /^(?:text\/|application\/(?:(?:.*\+)?(?:json|xml)$|javascript|x-(?:sh|subrip|yaml|tex)|toml|sql|graphql|yaml))/
/** Extensions of text that the service knows by no media type. */
const TEXT_NAME =
  /\.(?:mtl|txt|md|log|ini|cfg|conf|yml|yaml|csv|gcode|scad|[jt]sx?|py|c|h|cpp|rs|go|lua|glsl)$/i

/** Returns the extension of a file name in lower case, without the dot. */
export const extensionOf = (name: string): string => /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''

/** Returns the model format of a file; undefined if it is no model that can be shown. */
export const modelFormatOf = ({ name }: Pick<ViewedFile, 'name'>): ModelFormat | undefined =>
  MODEL_FORMATS.find((format) => format === extensionOf(name))

/** Returns how a file is shown; null if it cannot be. */
export function kindOf(file: Pick<ViewedFile, 'name' | 'mediaType'>): Kind | null {
  const { mediaType, name } = file
  if (modelFormatOf(file)) return 'model'
  if (IMAGE.test(mediaType)) return 'image'
  if (mediaType.startsWith('video/')) return 'video'
  if (mediaType.startsWith('audio/')) return 'audio'
  if (mediaType === 'application/pdf') return 'pdf'
  return TEXT.test(mediaType) || TEXT_NAME.test(name) ? 'text' : null
}

/** Returns the file that is shown first: the first of the first kind, and of several models the largest. */
export function chooseFile<File extends ViewedFile>(files: readonly File[]): File | undefined {
  for (const kind of KINDS) {
    const found = files.filter((file) => kindOf(file) === kind)
    const [first] = kind === 'model' ? found.sort((one, other) => other.size - one.size) : found
    if (first) return first
  }
  return files[0]
}
