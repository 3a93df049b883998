import { Schema } from 'mongoose'
import { MEDIA, type Media } from './media.ts'

/** An object in the store. */
export interface AssetObject {
  key: string
  size: number
}

export interface AssetFile extends AssetObject {
  id: string
  name: string
  mediaType: string
  media: Media
  sha256: string
  /** For zip archives. Files of earlier releases have none. */
  crc32?: number
}

export interface Picture extends AssetObject {
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

const object = { key: { type: String, required: true }, size: { type: Number, required: true } }
const picture = {
  id: { type: String, required: true },
  ...object,
  mediaType: String,
  width: Number,
  height: Number,
  sha256: String,
}

export const nested = { _id: false, id: false } as const
const pictureSchema = new Schema<Picture>(picture, nested)
export const coverSchema = new Schema<Cover>(
  { ...picture, original: { width: Number, height: Number } },
  nested,
)
export const imageSchema = new Schema<AssetImage>(
  { ...picture, thumbnail: { type: pictureSchema, required: true } },
  { _id: false },
)

export const fileSchema = new Schema<AssetFile>(
  {
    id: { type: String, required: true },
    ...object,
    name: String,
    mediaType: String,
    media: { type: String, enum: MEDIA },
    sha256: String,
    crc32: Number,
  },
  nested,
)
