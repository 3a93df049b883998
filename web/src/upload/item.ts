/** What becomes of a chosen file or folder: one asset. */
export type State =
  /** Has its turn later, or again at `retryAt`. */
  | 'waiting'
  | 'running'
  | 'paused'
  | 'failed'
  /** The user already has an asset of this file and is asked what to do. */
  | 'duplicate'
  /** The browser can reopen the file when the user allows it. */
  | 'permission'
  /** The page was reloaded and the file must be chosen again. */
  | 'missing'
  | 'done'

export interface Fields {
  /** Empty: the name of the file or folder. */
  name: string
  description: string
  /** Separated by commas. */
  tags: string
  visibility: 'private' | 'public'
}

export const NO_FIELDS: Fields = { name: '', description: '', tags: '', visibility: 'private' }

export interface ChosenFile {
  /** Path in the folder, or the name of the file. */
  path: string
  size: number
}

export interface UploadItem {
  id: string
  /** Id of the account that uploads. */
  owner: string
  /** Id of the browser window that runs it. */
  window: string
  createdAt: number
  /** Name of the file or folder. */
  name: string
  isFolder: boolean
  files: ChosenFile[]
  size: number
  /** `Idempotency-Key` of all its requests: a repeated request creates no second asset. */
  key: string
  state: State
  /** Bytes that were sent. */
  loaded: number
  attempts: number
  /** When it is tried again without a question, in milliseconds since 1970. */
  retryAt: number | null
  error: string | null
  sha256: string | null
  duplicate: { id: string; name: string } | null
  /** Whether the user wants the asset although there is one of the same file. */
  anyway: boolean
  fields: Fields
  /** The fields that the asset has at the service. */
  applied: Fields
  picture: { name: string; applied: boolean } | null
  assetId: string | null
  /** Whether the browser can upload it after a reload without another choice of the file. */
  kept: boolean
}

export type Action = 'pause' | 'resume' | 'retry' | 'skip' | 'anyway' | 'allow' | 'cancel'

const ACTIONS: Record<State, Action[]> = {
  waiting: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['retry', 'cancel'],
  duplicate: ['skip', 'anyway'],
  permission: ['allow', 'cancel'],
  missing: ['cancel'],
  done: [],
}

/** Returns what a user can do with an upload. */
export function actionsOf({ state, retryAt }: Pick<UploadItem, 'state' | 'retryAt'>): Action[] {
  if (state === 'waiting' && retryAt !== null) return ['retry', 'cancel']
  return ACTIONS[state]
}

/** Tells whether an upload failed, also when it is tried again later without a question. */
export const hasFailed = ({ state, retryAt }: Pick<UploadItem, 'state' | 'retryAt'>): boolean =>
  state === 'failed' || (state === 'waiting' && retryAt !== null)

/** Returns the tags of a field. */
export const tagsOf = (value: string): string[] => [
  ...new Set(
    value
      .split(',')
      .map((tag) => tag.trim().toLowerCase())
      .filter(Boolean),
  ),
]

export interface Change {
  name?: string
  description?: string
  tags?: string[]
  visibility?: 'private' | 'public'
}

/** Returns the change that gives an asset its fields; null if it has them. */
export function changeOf({
  name,
  fields,
  applied,
}: Pick<UploadItem, 'name' | 'fields' | 'applied'>): Change | null {
  const change: Change = {}
  if (fields.name.trim() !== applied.name.trim()) change.name = fields.name.trim() || name
  if (fields.description !== applied.description) change.description = fields.description
  if (fields.tags !== applied.tags) change.tags = tagsOf(fields.tags)
  if (fields.visibility !== applied.visibility) change.visibility = fields.visibility
  return Object.keys(change).length > 0 ? change : null
}
