import { type Model, model, Schema, type Types } from 'mongoose'
import { coverSchema, fileSchema, imageSchema, nested } from './asset-files.ts'
import { ASSET_TYPES, MEDIA } from './media.ts'
import { nameKeyOf } from './name-key.ts'
import { type OptimisticStatics, optimistic } from './plugins/optimistic.ts'
import { type Shared, type SharingStatics, sharing } from './plugins/sharing.ts'
import { type Timestamps, versionTimestamps } from './plugins/timestamps.ts'
import { searchForm } from './search-form.ts'
import type { Stored } from './stored.ts'
import { cleanTag, foldText, tagKey } from './text.ts'

export const NAME = { min: 1, max: 200 } as const
export const DESCRIPTION = { max: 5000 } as const
export const TAG = { min: 1, max: 64 } as const
export const LICENSE = { min: 1, max: 100 } as const
export const SOURCE = { min: 1, max: 2048 } as const
export const TAGS = { max: 64 } as const
/** Path of the file on the device of a client of the scene editor. */
export const LOCAL_PATH = { max: 4096 } as const
export const FILES = { min: 1, max: 1000 } as const
export const IMAGES = { max: 8 } as const
/** How long a signed URL is valid, in seconds. */
export const SIGNED_URL = { defaultExpiry: 3600, maxExpiry: 86_400 } as const
export const VISIBILITIES = ['private', 'public'] as const
export type Visibility = (typeof VISIBILITIES)[number]

export const LOCK_MODES = ['governance', 'compliance'] as const
export type LockMode = (typeof LOCK_MODES)[number]

/** Space of a committed upload, which is not counted as used while the entry `id` of the owner's ledger is open. */
export interface Unsettled {
  id: string
  bytes: number
  files: number
}

/** Objects to delete that the asset does not name since `at`. The ledgers give their space back once for each `id`. */
export interface PendingDeletion {
  id: string
  keys: string[]
  bytes: number
  files: number
  /** The file set to delete with them. */
  fileSet?: string
  at?: Date
}

/**
 * What a change of an asset means for its readers. The update that makes the change stores it, and it stays until the
 * event of the change is recorded, also when the process dies in between.
 */
export interface Announcement {
  /** The id of the event. */
  id: Types.ObjectId
  at: Date
  /** The readers that the change adds or removes, in the form of `readers`. */
  touched: string[]
  /** The readers whom the change concerns; missing: all before and after it. */
  concerns?: string[]
}

/**
 * A lock (write once, read many). It runs until `until`, and as long as `legalHold` is set. Nobody can lift
 * `compliance`.
 */
export interface Lock {
  mode: LockMode | null
  until: Date | null
  legalHold: boolean
}

type JobState = { at: Date; starts: number }
const unsettledSchema = new Schema<Unsettled>({ id: String, bytes: Number, files: Number }, nested)

const announcementSchema = new Schema<Announcement>(
  {
    id: Schema.Types.ObjectId,
    at: Date,
    touched: [String],
    concerns: { type: [String], default: undefined },
  },
  nested,
)

const lockSchema = new Schema<Lock>(
  {
    mode: { type: String, enum: [...LOCK_MODES, null], default: null },
    until: { type: Date, default: null },
    legalHold: { type: Boolean, required: true, default: false },
  },
  { _id: false },
)

const pendingDeletionSchema = new Schema<PendingDeletion>(
  { id: String, keys: [String], bytes: Number, files: Number, fileSet: String, at: Date },
  nested,
)

const definition = {
  owner: { type: Schema.Types.ObjectId, ref: 'User', required: true, immutable: true },
  /** `deleting` while its objects are deleted, `pending` during an upload of an earlier release; only `ready` assets are visible. */
  state: { type: String, enum: ['pending', 'ready', 'deleting'], required: true, default: 'pending' },
  name: { type: String, default: '' },
  /** What sorts by name compare, see `nameKeyOf`. */
  nameKey: { type: String, default: '' },
  description: { type: String, default: '' },
  /** An SPDX id, or other words. Missing is null. */
  license: { type: String, default: null },
  /** The URL where the asset is from. Missing is null. */
  source: { type: String, default: null },
  type: { type: String, enum: ASSET_TYPES, default: 'other' },
  /** Whether a client set the type, so that new files do not change it. */
  typeGiven: { type: Boolean, default: false },
  /** Whether a client set `media`. Else it is detected from the files. */
  mediaGiven: { type: Boolean, default: false },
  media: { type: String, enum: MEDIA, default: 'other' },
  tags: { type: [String], default: () => [] },
  visibility: { type: String, enum: VISIBILITIES, default: 'private' },
  /** Incremented by each change of visibility, so that signed URLs of an earlier epoch are invalid. Missing is 0. */
  visibilityEpoch: { type: Number, default: 0 },
  /** All files, or the first ones of a file set; see file-set.ts. */
  files: { type: [fileSchema], default: () => [] },
  /** The id of the file set; null when `files` are all files. Missing is null. */
  fileSet: { type: String, default: null },
  /** The number of all files. Missing is the number of `files`. */
  fileCount: Number,
  images: { type: [imageSchema], default: () => [] },
  /** Path of the file on the owner's device, as the scene editor sent it. Missing is empty. */
  localPath: String,
  /** The thumbnail of the asset's own image file. */
  cover: { type: coverSchema, default: null },
  size: { type: Number, default: 0 },
  downloads: { type: Number, default: 0 },
  version: { type: Number, default: 0 },
  lock: { type: lockSchema, default: null },
  /** When an admin took the asset down while it was locked: it can never be public or linked again. Missing is null. */
  takenDownAt: { type: Date, default: null },
  /** What searches of the previous release read. Written until all assets have their words as keys; see search-form.ts. */
  words: {
    type: new Schema({ name: String, tags: [String], description: String }, { _id: false }),
    default: undefined,
  },
  /** What searches compare: every equality filter and every word that the asset matches. Written by `withKeys`. */
  keys: { type: [String], default: () => [] },
  /** The form of `keys`. Missing until the keys of an older asset are computed. */
  keysForm: Number,
  /** When another process stores the new words of the asset, if this one has not. Missing: they are stored. */
  termsDue: Date,
  /** False: the asset never had a link. True before the first one is stored, and ever after. Missing is unknown. */
  hasLinks: Boolean,
  /** False: no project ever referred to the asset, like `hasLinks`. */
  inScenes: Boolean,
  /** Work that is not done yet: when it is due, and how often it was started. See asset-jobs.ts. */
  jobs: { cover: { type: new Schema<JobState>({ at: Date, starts: Number }, nested), default: undefined } },
  /** Changes whose event is not recorded yet; see asset-announcements.ts. Missing is none. */
  announcements: { type: [announcementSchema], default: undefined },
  /** Ids of running uploads that can still change this asset. */
  intents: { type: [String], default: () => [] },
  unsettled: { type: [unsettledSchema], default: () => [] },
  pendingDeletion: { type: [pendingDeletionSchema], default: () => [] },
  /** The former name of `pendingDeletion`, used by the previous release. Read both with `pendingDeletionOf`. */
  trash: { type: [pendingDeletionSchema], default: () => [] },
  fencedAt: Date, // only in a tombstone; see `fenceAsset`
} as const

type Jobs = { jobs: { cover?: JobState } }
export type AssetFields = Omit<Stored<typeof definition>, 'jobs' | 'announcements'> &
  Jobs & { announcements?: Announcement[] } & Shared &
  Timestamps

const statics = {
  /** Returns an asset in any state, or null, without checking access. */
  byId(id: Types.ObjectId | string): Promise<AssetFields | null> {
    return Asset.findById(id).lean().exec()
  },

  /** Returns an asset that is `ready`, or null, without checking access. */
  ready(id: Types.ObjectId): Promise<AssetFields | null> {
    return Asset.findOne({ _id: id, state: 'ready' }).lean().exec()
  },

  /** Returns the ids of the given assets that are `ready`. */
  async readyAmong(ids: Types.ObjectId[]): Promise<Set<string>> {
    const assets = await Asset.find({ _id: { $in: ids }, state: 'ready' }, { _id: 1 }).lean()
    return new Set(assets.map(({ _id }) => _id.toString()))
  },

  /** Returns the names of the given assets that are `ready`, by id. */
  async namesOf(ids: Types.ObjectId[]): Promise<Map<string, string>> {
    const assets = await Asset.find({ _id: { $in: ids }, state: 'ready' }, { name: 1 }).lean()
    return new Map(assets.map(({ _id, name }) => [_id.toString(), name]))
  },

  /** Reads an owner's assets in a state. */
  allOf(owner: Types.ObjectId, state: 'ready' | 'deleting'): AsyncIterable<AssetFields> {
    return Asset.find({ owner, state }).lean().cursor()
  },

  /** Reads the ids of an owner's `ready` assets. */
  idsOf(owner: Types.ObjectId): AsyncIterable<Pick<AssetFields, '_id'>> {
    return Asset.find({ owner, state: 'ready' }, { _id: 1 }).lean().cursor()
  },

  /** Returns how many of an owner's assets are locked now. */
  countLocked(owner: Types.ObjectId, now: Date): Promise<number> {
    return Asset.countDocuments({ owner, state: 'ready', $nor: [notLocked(now)] }).exec()
  },

  /** Adds one to the downloads of an asset. Does not change `version` or any other field. */
  async recordDownload(id: Types.ObjectId): Promise<void> {
    await Asset.updateOne({ _id: id }, { $inc: { downloads: 1 } })
  },
}

type AssetModel = Model<AssetFields> & SharingStatics & OptimisticStatics<AssetFields> & typeof statics

const schema = new Schema<AssetFields, AssetModel>(definition, {
  collection: 'assets',
  versionKey: false,
  minimize: false,
  statics,
})

schema.plugin(sharing, { state: 'ready' })
schema.plugin(optimistic)
schema.plugin(versionTimestamps)

// The indexes of searches: docs/decisions/0014-indexes-over-keys.md says why these. Each order has one; only the newest
// first have another one over the keys, because each such index holds an entry for every key of an asset.
const publicAssets = { visibility: 'public' }
const inOrder = [
  { createdAt: -1, _id: -1 },
  { updatedAt: -1, _id: -1 },
  { nameKey: 1, _id: 1 },
  { size: -1, _id: -1 },
  { downloads: -1, _id: -1 },
] as const
schema.index({ keys: 1, createdAt: -1, _id: -1 }, { partialFilterExpression: publicAssets })
for (const order of inOrder) schema.index(order, { partialFilterExpression: publicAssets })
schema.index({ owner: 1, keys: 1, createdAt: -1, _id: -1 })
for (const order of inOrder) schema.index({ owner: 1, ...order })
// what is shared with a user
schema.index(
  { readers: 1, createdAt: -1, _id: -1 },
  { partialFilterExpression: { 'collaborators.user': { $exists: true } }, name: 'shared' },
)
// assets with removals to finish, for the sweep
schema.index({ state: 1 }, { partialFilterExpression: { state: 'deleting' }, name: 'deleting' })
schema.index({ 'pendingDeletion.id': 1 }, { sparse: true })
schema.index({ 'trash.id': 1 }, { sparse: true })
schema.index({ 'jobs.cover.at': 1 }, { sparse: true })
schema.index({ 'announcements.at': 1 }, { sparse: true })
schema.index({ termsDue: 1 }, { sparse: true })

export const Asset = model<AssetFields, AssetModel>('Asset', schema)

/** Returns tags as they are stored: cleaned, each once by its `tagKey` in its first form, in the order given. */
export function normalizeTags(tags: readonly string[]): string[] {
  const known = new Map<string, string>()
  for (const tag of tags.map(cleanTag)) {
    const key = tagKey(tag)
    if (tag !== '' && !known.has(key)) known.set(key, tag)
  }
  return [...known.values()]
}

type Described = Pick<AssetFields, 'name' | 'description' | 'tags'>

/** Returns the fields that sorts and searches of the previous release read, derived from those that clients see. */
export function describeWords({
  name,
  description,
  tags,
}: Described): Pick<AssetFields, 'nameKey'> & Partial<Pick<AssetFields, 'words'>> {
  const words = { name: foldText(name), description: foldText(description), tags: tags.map(foldText) }
  return { nameKey: nameKeyOf(name), ...(searchForm() === 'words' ? {} : { words }) }
}

type Locked = { lock?: Lock | null }

/** Returns whether a lock (a legal hold or a running retention) forbids changing or deleting the asset now. */
export function isLocked({ lock }: Locked, now: Date): boolean {
  return Boolean(lock && (lock.legalHold || isRetained({ lock }, now)))
}

/** Returns whether the retention of a lock has not ended yet. */
export function isRetained({ lock }: Locked, now: Date): boolean {
  return Boolean(lock?.until && lock.until > now)
}

/** Returns the filter of assets that are not locked: a condition of every update that a lock forbids. */
export const notLocked = (now: Date) => ({
  'lock.legalHold': { $ne: true },
  'lock.until': { $not: { $gt: now } },
})
