import { nextState, type State } from './state.ts'

export interface Fields {
  /** Empty: the name of the file or folder. */
  name: string
  description: string
  /** Separated by commas. */
  tags: string
  visibility: 'private' | 'public'
}

export const NO_FIELDS: Fields = { name: '', description: '', tags: '', visibility: 'private' }

interface ChosenFile {
  /** Path in the folder, or the name of the file. */
  path: string
  size: number
}

export interface UploadItem {
  id: string
  /** Id of the account that uploads. */
  owner: string
  /** Id of the browser window that owns it: only this one runs and changes it. */
  window: string
  /** Number of its changes. */
  revision: number
  createdAt: number
  /** Name of the file or folder. */
  name: string
  isFolder: boolean
  files: ChosenFile[]
  size: number
  /** `Idempotency-Key` of all its requests: a repeated request creates no second asset. */
  key: string
  state: State
  /** Bytes that were read to compute the SHA-256. */
  checked: number
  /** Bytes that were sent. */
  loaded: number
  attempts: number
  /** When a delayed upload is tried again, in milliseconds since 1970. */
  retryAt: number | null
  /** Why it failed, or why its file must be chosen again; null: nothing, or only a reload. */
  error: string | null
  sha256: string | null
  duplicate: { id: string; name: string } | null
  /**
   * Whether the asset is wanted: there was none of the same file, or the user wants another one. A later attempt does not ask
   * again, because it would find the asset of a former request whose answer was lost.
   */
  wanted: boolean
  fields: Fields
  /** The fields that the asset has at the service. */
  applied: Fields
  picture: { name: string; applied: boolean } | null
  assetId: string | null
  /** Whether the upload was finished. Later attempts send changed fields. */
  wasDone: boolean
  /** Whether the browser can upload it after a reload without another choice of the file. */
  kept: boolean
}

type Given = Pick<UploadItem, 'id' | 'owner' | 'window' | 'createdAt' | 'name' | 'isFolder' | 'files' | 'key'>

/** Returns an upload before its first attempt. */
export const newItem = (given: Given): UploadItem => ({
  ...given,
  size: given.files.reduce((sum, { size }) => sum + size, 0),
  revision: 0,
  state: 'waiting',
  attempts: 0,
  checked: 0,
  loaded: 0,
  retryAt: null,
  error: null,
  sha256: null,
  duplicate: null,
  wanted: false,
  assetId: null,
  wasDone: false,
  kept: false,
  fields: NO_FIELDS,
  applied: NO_FIELDS,
  picture: null,
})

/** Returns the tags of a field. */
export const tagsOf = (value: string): string[] => [
  ...new Set(
    value
      .split(',')
      .map((tag) => tag.trim().toLowerCase())
      .filter(Boolean),
  ),
]

/** Most characters of the name of an asset. */
const MAX_NAME = 200

/** Returns the name of an asset that has no other: that of its file or folder. */
export const nameOf = ({ name }: Pick<UploadItem, 'name'>): string => [...name].slice(0, MAX_NAME).join('')

export interface Change {
  name?: string
  description?: string
  tags?: string[]
  visibility?: 'private' | 'public'
}

/** Returns the change that gives an asset its fields; null if it has them. */
export function changeOf(item: Pick<UploadItem, 'name' | 'fields' | 'applied'>): Change | null {
  const { fields, applied } = item
  const change: Change = {}
  if (fields.name.trim() !== applied.name.trim()) change.name = fields.name.trim() || nameOf(item)
  if (fields.description !== applied.description) change.description = fields.description
  if (fields.tags !== applied.tags) change.tags = tagsOf(fields.tags)
  if (fields.visibility !== applied.visibility) change.visibility = fields.visibility
  return Object.keys(change).length > 0 ? change : null
}

/** Tells whether a finished upload has changes that the asset does not have yet. */
export const hasMore = (item: UploadItem): boolean =>
  changeOf(item) !== null || item.picture?.applied === false

/** Tells whether an upload waits for files that have these names, and these sizes unless they were changed. */
export const isWanted = (item: UploadItem, name: string, files: ChosenFile[]): boolean =>
  nextState(item.state, 'choose') !== null &&
  item.name === name &&
  item.files.length === files.length &&
  item.files.every(
    ({ path, size }, index) =>
      path === files[index]?.path && (item.error !== null || size === files[index]?.size),
  )
