import { type Model, model, Schema } from 'mongoose'
import { VISIBILITIES } from './asset-fields.ts'
import { LOCK_MODES } from './asset-lock.ts'
import type { AssetFields, AssetImage, Cover, Lock, Picture } from './asset-shape.ts'
import { ASSET_TYPES, MEDIA } from './media.ts'
import { type SharingStatics, sharing } from './plugins/sharing.ts'

type AssetModel = Model<AssetFields> & SharingStatics

const object = { key: { type: String, required: true }, size: { type: Number, required: true } }
const picture = {
  id: { type: String, required: true },
  ...object,
  mediaType: String,
  width: Number,
  height: Number,
  sha256: String,
}

const pictureSchema = new Schema<Picture>(picture, { _id: false })
const coverSchema = new Schema<Cover>(
  { ...picture, original: { width: Number, height: Number } },
  { _id: false },
)
const imageSchema = new Schema<AssetImage>(
  { ...picture, thumbnail: { type: pictureSchema, required: true } },
  { _id: false },
)

const lockSchema = new Schema<Lock>(
  {
    mode: { type: String, enum: [...LOCK_MODES, null], default: null },
    until: { type: Date, default: null },
    legalHold: { type: Boolean, required: true, default: false },
  },
  { _id: false },
)

const schema = new Schema<AssetFields, AssetModel>(
  {
    owner: { type: Schema.Types.ObjectId, ref: 'User', required: true, immutable: true },
    state: { type: String, enum: ['pending', 'ready', 'deleting'], required: true, default: 'pending' },
    name: { type: String, default: '' },
    nameKey: { type: String, default: '' },
    description: { type: String, default: '' },
    type: { type: String, enum: ASSET_TYPES, default: 'other' },
    typeGiven: { type: Boolean, default: false },
    media: { type: String, enum: MEDIA, default: 'other' },
    tags: { type: [String], default: [] },
    visibility: { type: String, enum: VISIBILITIES, default: 'private' },
    visibilityEpoch: { type: Number, default: 0 },
    files: [
      {
        _id: false,
        id: { type: String, required: true },
        ...object,
        name: String,
        mediaType: String,
        media: { type: String, enum: MEDIA },
        sha256: String,
      },
    ],
    images: [imageSchema],
    cover: { type: coverSchema, default: null },
    size: { type: Number, default: 0 },
    downloads: { type: Number, default: 0 },
    version: { type: Number, default: 0 },
    lock: { type: lockSchema, default: null },
    takenDownAt: { type: Date, default: null },
    words: { name: String, tags: [String], description: String },
    intents: { type: [String], default: [] },
    unsettled: [{ _id: false, id: String, bytes: Number, files: Number }],
    trash: [{ _id: false, id: String, keys: [String], bytes: Number, files: Number }],
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
  { collection: 'assets', versionKey: false, minimize: false },
)

schema.plugin(sharing, { state: 'ready' })

// a page of each sort, for one reader name at a time: { readers: 'public' | <user id> }
schema.index({ readers: 1, createdAt: -1, _id: -1 })
schema.index({ readers: 1, updatedAt: -1, _id: -1 })
schema.index({ readers: 1, nameKey: 1, _id: 1 })
schema.index({ readers: 1, size: -1, _id: -1 })
schema.index({ readers: 1, downloads: -1, _id: -1 })
// a tag is far more telling than a reader
schema.index({ tags: 1, createdAt: -1, _id: -1 })
// one owner's assets: filter `owner`, account deletion, space recount
schema.index({ owner: 1, createdAt: -1, _id: -1 })
// what the sweep looks for
schema.index({ state: 1 }, { partialFilterExpression: { state: 'deleting' }, name: 'deleting' })
schema.index({ 'trash.id': 1 }, { sparse: true })
schema.index(
  { 'words.name': 'text', 'words.tags': 'text', 'words.description': 'text' },
  {
    name: 'words',
    weights: { 'words.name': 10, 'words.tags': 5, 'words.description': 1 },
    default_language: 'english',
    language_override: 'words.language',
  },
)

export const Asset = model<AssetFields, AssetModel>('Asset', schema)
