import { LoadingManager, Mesh, type Object3D, Texture } from 'three'
import { viewUrl } from '../bytes.ts'
import { extensionOf, type ViewedFile } from '../kinds.ts'

/** An address that loads nothing. */
const NOTHING = 'data:,'

/**
 * Returns the file of the asset that a model means by a path: the one with this path beside the model, else the only one
 * with this base name. Models often have the paths of the computer that made them.
 */
export function fileOf<File extends Pick<ViewedFile, 'name'>>(
  files: readonly File[],
  main: Pick<ViewedFile, 'name'>,
  wanted: string,
): File | undefined {
  const path = plain(wanted)
  const folder = main.name.includes('/') ? main.name.slice(0, main.name.lastIndexOf('/') + 1) : ''
  const beside = new URL(`${folder}${path}`.replaceAll('%', '%25'), 'http://asset/').pathname
  const nameOf = (file: File) => encodeURI(`/${file.name.toLowerCase()}`)
  const exact = files.find((file) => nameOf(file) === beside.toLowerCase())
  if (exact) return exact
  const base = baseOf(path)
  return base ? files.find(({ name }) => baseOf(name.toLowerCase()) === base) : undefined
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function plain(path: string): string {
  const bare = path.trim().replaceAll('\\', '/').toLowerCase()
  try {
    return decodeURIComponent(bare)
  } catch {
    // not every % in a file name begins an escape
    return bare
  }
}

/** The files that a model loads, and the names that it asked for in vain. */
export interface Resources {
  manager: LoadingManager
  missing: Set<string>
  find(path: string): ViewedFile | undefined
  /** Resolves when everything that was begun has been loaded or has failed. */
  settled(): Promise<void>
}

/** Longest wait for textures, in milliseconds. The model is shown without those that come later. */
const TEXTURES_MS = 30_000

/** Returns what loads the files of a model: only files of the asset and data in the model, never another address. */
export function resourcesOf(files: readonly ViewedFile[], main: ViewedFile): Resources {
  const manager = new LoadingManager()
  const missing = new Set<string>()
  const own = new Set(files.map(viewUrl))
  const find = (path: string) => fileOf(files, main, path)
  manager.setURLModifier((url) => {
    if (/^(?:data|blob):/i.test(url) || own.has(url)) return url
    const file = find(url)
    if (!file) missing.add(baseOf(plain(url)))
    return file ? viewUrl(file) : NOTHING
  })
  return { manager, missing, find, settled: () => settle(manager) }
}

/** Adds the loader of TGA pictures, which browsers cannot show, if the asset has one. */
export async function addTextureFormats(
  manager: LoadingManager,
  files: readonly ViewedFile[],
): Promise<void> {
  if (!files.some(({ name }) => extensionOf(name) === 'tga')) return
  const { TGALoader } = await import('three/addons/loaders/TGALoader.js')
  manager.addHandler(/\.tga$/i, new TGALoader(manager))
}

function settle(manager: LoadingManager): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, TEXTURES_MS)
    manager.onLoad = () => {
      clearTimeout(timer)
      resolve()
    }
    // the manager tells only of an end after a beginning
    manager.itemStart('model')
    manager.itemEnd('model')
  })
}

/** Removes the textures whose picture is missing from the materials of a model. They would be drawn black. */
export function removeEmptyTextures(model: Object3D): void {
  model.traverse((node) => {
    if (!(node instanceof Mesh)) return
    for (const material of [node.material].flat())
      for (const [slot, value] of Object.entries(material as Record<string, unknown>))
        if (value instanceof Texture && isEmpty(value))
          Object.assign(material, { [slot]: null, needsUpdate: true })
  })
}

function isEmpty({ image }: Texture): boolean {
  const { width = 0, complete = true } = (image ?? {}) as { width?: number; complete?: boolean }
  return width === 0 || !complete
}
