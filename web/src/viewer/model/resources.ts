import { LoadingManager } from 'three'
import { viewUrl } from '../bytes.ts'
import { extensionOf, type ViewedFile } from '../kinds.ts'

/** An address that loads nothing. */
const NOTHING = 'data:,'

/**
 * Returns the file of the asset that a model means by a path: the one with this path beside the model, else of those with
 * this base name the one that has most of the path's folders. Models often have the paths of the computer that made them.
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
  if (exact || !baseOf(path)) return exact
  const [best] = files
    .map((file) => ({ file, folders: commonEnd(file.name.toLowerCase(), path) }))
    .filter(({ folders }) => folders > 0)
    .sort((one, other) => other.folders - one.folders)
  return best?.file
}

/** Returns how many names at the end of two paths are the same. */
function commonEnd(one: string, other: string): number {
  const names = one.split('/').reverse()
  const others = other.split('/').reverse()
  const end = names.findIndex((name, index) => name !== others[index])
  return end === -1 ? names.length : end
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

/** The files that a model loads. */
export interface Resources {
  manager: LoadingManager
  /** Names that the asset does not have. */
  missing: Set<string>
  /** Names of pictures that this browser cannot show. */
  unread: Set<string>
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
  const unread = new Set<string>()
  const own = new Map(files.map((file) => [viewUrl(file), file.name]))
  const find = (path: string) => fileOf(files, main, path)
  manager.setURLModifier((url) => {
    if (/^(?:data|blob):/i.test(url) || own.has(url)) return url
    const file = find(url)
    if (!file) missing.add(baseOf(plain(url)))
    return file ? viewUrl(file) : NOTHING
  })
  manager.onError = (url) => {
    const name = own.get(url)
    if (name) unread.add(baseOf(name))
  }
  return { manager, missing, unread, find, settled: () => settle(manager) }
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
