import { type Model, model, Schema, type Types } from 'mongoose'
import { afterPosition, type Order, type Position, sortBy, toPage } from './plugins/page.ts'
import { creationTime, type Timestamps } from './plugins/timestamps.ts'
import type { Stored } from './stored.ts'

const definition = {
  asset: { type: Schema.Types.ObjectId, required: true, immutable: true },
  owner: { type: Schema.Types.ObjectId, required: true, immutable: true },
  /** SHA-256 of the token in hex. The token itself is not stored. */
  tokenHash: { type: String, required: true, immutable: true },
  passwordHash: { type: String, default: null },
  expiresAt: { type: Date, default: null },
  maxDownloads: { type: Number, default: null },
  downloads: { type: Number, required: true, default: 0 },
  revokedAt: { type: Date, default: null },
  lastUsedAt: { type: Date, default: null },
} as const

/** A link: it gives access to an asset without an account. */
export type LinkFields = Stored<typeof definition> & Pick<Timestamps, 'createdAt'>

/**
 * Most links of an asset, including expired and revoked ones. A revoked link is deleted when a new one needs its place.
 */
export const LINKS_MAX = 1000

interface LinkModel extends Model<LinkFields> {
  ofToken(tokenHash: string): Promise<LinkFields | null>
  allOf(asset: Types.ObjectId): AsyncIterable<LinkFields>
  use(id: Types.ObjectId, now: Date): Promise<boolean>
  revoke(id: string, asset: Types.ObjectId, owner: Types.ObjectId, now: Date): Promise<boolean>
  revokeAllOf(asset: Types.ObjectId, now: Date): Promise<void>
  remove(id: Types.ObjectId): Promise<void>
  removeAllOf(asset: Types.ObjectId): Promise<void>
  makeRoom(asset: Types.ObjectId): Promise<boolean>
  listOf(
    asset: Types.ObjectId,
    page: { limit: number; from: Position | undefined },
  ): Promise<{ links: LinkFields[]; next: Position | null }>
}

const NEWEST: Order = { field: 'createdAt', direction: -1 }

const schema = new Schema<LinkFields, LinkModel>(definition, {
  collection: 'links',
  timestamps: creationTime,
  versionKey: false,
  statics: {
    /** Returns the link of a token, even an expired or revoked link, or null. */
    ofToken(tokenHash: string): Promise<LinkFields | null> {
      return Link.findOne({ tokenHash }).lean().exec()
    },

    /** Reads all links of an asset. */
    allOf(asset: Types.ObjectId): AsyncIterable<LinkFields> {
      return Link.find({ asset }).lean().cursor()
    },

    /** Counts a download. Returns false when the limit of downloads is reached; exact under concurrency. */
    async use(id: Types.ObjectId, now: Date): Promise<boolean> {
      const { modifiedCount } = await this.updateOne(
        {
          _id: id,
          revokedAt: null,
          $and: [
            { $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] },
            { $or: [{ maxDownloads: null }, { $expr: { $lt: ['$downloads', '$maxDownloads'] } }] },
          ],
        },
        { $inc: { downloads: 1 }, $set: { lastUsedAt: now } },
      )
      return modifiedCount === 1
    },

    /**
     * Returns whether an asset has at most 1,000 links. If it has more, deletes its oldest revoked link and counts
     * again. Call it after a link is stored, and delete that link when there is no room. Links are separate documents,
     * so no conditional update can count them. When several links are stored at the same time near the limit, all of
     * them can be refused, but never more than 1,000 links remain.
     */
    async makeRoom(asset: Types.ObjectId): Promise<boolean> {
      const fits = async () => (await this.countDocuments({ asset }, { limit: LINKS_MAX + 1 })) <= LINKS_MAX
      if (await fits()) return true
      await this.findOneAndDelete({ asset, revokedAt: { $ne: null } }, { sort: { createdAt: 1, _id: 1 } })
      return fits()
    },

    /** Revokes a link of an owner's asset. Returns false when there is none, or it was revoked before. */
    async revoke(id: string, asset: Types.ObjectId, owner: Types.ObjectId, now: Date): Promise<boolean> {
      const filter = { _id: id, asset, owner, revokedAt: null }
      const { modifiedCount } = await Link.updateOne(filter, { revokedAt: now })
      return modifiedCount === 1
    },

    /** Revokes all links of an asset. */
    async revokeAllOf(asset: Types.ObjectId, now: Date): Promise<void> {
      await Link.updateMany({ asset, revokedAt: null }, { revokedAt: now })
    },

    async remove(id: Types.ObjectId): Promise<void> {
      await Link.deleteOne({ _id: id })
    },

    /** Deletes all links of an asset. */
    async removeAllOf(asset: Types.ObjectId): Promise<void> {
      await Link.deleteMany({ asset })
    },

    /** Returns a page of an asset's links, newest first, without the revoked ones. */
    async listOf(asset, { limit, from }) {
      const found = await this.find({ asset, revokedAt: null, ...(from ? afterPosition(NEWEST, from) : {}) })
        .sort(sortBy(NEWEST))
        .limit(limit + 1)
        .lean()
      const { items: links, next } = toPage(found, NEWEST, limit)
      return { links, next }
    },
  },
})
schema.index({ tokenHash: 1 }, { unique: true })
// a page of an asset's links; deletion of the asset
schema.index({ asset: 1, createdAt: -1, _id: -1 })

/** Returns whether a link is neither revoked nor expired and has downloads left. */
export function isUsable({ revokedAt, expiresAt, maxDownloads, downloads }: LinkFields, now: Date): boolean {
  return (
    !revokedAt && !(expiresAt && expiresAt <= now) && !(maxDownloads !== null && downloads >= maxDownloads)
  )
}

export const Link = model<LinkFields, LinkModel>('Link', schema)
