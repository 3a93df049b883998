import type { Visibility } from './asset-fields.ts'
import type { LockMode } from './asset-lock.ts'
import type { AssetType, Media } from './media.ts'
import type { Shared } from './plugins/sharing.ts'

/** One object in the store. */
export interface KeptObject {
  key: string
  size: number
}

export interface AssetFile extends KeptObject {
  id: string
  name: string
  mediaType: string
  media: Media
  sha256: string
}

export interface Picture extends KeptObject {
  id: string
  mediaType: string
  width: number
  height: number
  sha256: string
}

/** The thumbnail of an asset's own picture. */
export interface Cover extends Picture {
  /** The sides of that picture, upright. */
  original?: { width: number; height: number }
}

export interface AssetImage extends Picture {
  thumbnail: Picture
}

/** Space that a committed upload has taken and that is not in the sums yet. */
export interface Unsettled {
  id: string
  bytes: number
  files: number
}

/** Objects that the asset no longer names and that are to go; the space they give back is entry `id`. */
export interface Trash {
  id: string
  keys: string[]
  bytes: number
  files: number
}

/** Write once, read many: until when, and how firmly. */
export interface Lock {
  mode: LockMode | null
  until: Date | null
  legalHold: boolean
}

export interface AssetFields extends Shared {
  /** `pending` until its upload is complete, `deleting` while its objects go; readers see `ready` ones only. */
  state: 'pending' | 'ready' | 'deleting'
  name: string
  nameKey: string
  description: string
  type: AssetType
  /** Whether the owner said the type, so that new content does not change it. */
  typeGiven: boolean
  media: Media
  tags: string[]
  visibility: Visibility
  /** Raised by each change of visibility: signed URLs of an earlier epoch have ended. Missing is 0. */
  visibilityEpoch?: number
  files: AssetFile[]
  images: AssetImage[]
  /** The thumbnail of the asset's own image file. */
  cover: Cover | null
  size: number
  downloads: number
  version: number
  lock: Lock | null
  /** When an admin took the asset down while it was locked: it can never be public or linked again. Missing is null. */
  takenDownAt?: Date | null
  /** What text search looks in: name, tags and description without accents. */
  words: { name: string; tags: string[]; description: string }
  /** Uploads under way that may yet change this asset. */
  intents: string[]
  unsettled: Unsettled[]
  trash: Trash[]
  createdAt: Date
  updatedAt: Date
}

/** An asset without what only uploads, removals and text search need. */
export type ListedAsset = Omit<AssetFields, 'words' | 'intents' | 'unsettled' | 'trash'>
