import { type Model, model, Schema, type Types } from 'mongoose'
import { after, cut, type Order, type Position, sortBy } from './plugins/page.ts'
import type { Stored } from './stored.ts'

const definition = {
  asset: { type: Schema.Types.ObjectId, required: true, immutable: true },
  owner: { type: Schema.Types.ObjectId, required: true, immutable: true },
  /** SHA-256 of the token, hex: the token itself is shown once and stored nowhere. */
  tokenHash: { type: String, required: true, immutable: true },
  passwordHash: { type: String, default: null },
  expiresAt: { type: Date, default: null },
  maxDownloads: { type: Number, default: null },
  downloads: { type: Number, required: true, default: 0 },
  revokedAt: { type: Date, default: null },
  createdAt: { type: Date, required: true },
  lastUsedAt: { type: Date, default: null },
} as const

/** A way to an asset without an account. */
export type LinkFields = Stored<typeof definition>

/** Links of an asset, those included that have ended. A revoked one makes room for a new one. */
export const LINKS_MAX = 1000

interface LinkModel extends Model<LinkFields> {
  use(id: Types.ObjectId, now: Date): Promise<boolean>
  makeRoom(asset: Types.ObjectId): Promise<boolean>
  listOf(
    asset: Types.ObjectId,
    page: { limit: number; from: Position | undefined },
  ): Promise<{ links: LinkFields[]; next: Position | null }>
}

const NEWEST: Order = { field: 'createdAt', direction: -1 }

const schema = new Schema<LinkFields, LinkModel>(definition, {
  collection: 'links',
  versionKey: false,
  statics: {
    /** Takes one download, if one is left; exact under concurrency. */
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
     * Returns whether an asset has no more than 1,000 links; if it has more, deletes its oldest revoked link first.
     * Call it after a link is stored, and delete that link when there is no room. Links are documents of their own,
     * so no conditional update can count them. Of links that are stored at the same time near the limit all can be
     * refused, but no more are kept.
     */
    async makeRoom(asset: Types.ObjectId): Promise<boolean> {
      const fits = async () => (await this.countDocuments({ asset }, { limit: LINKS_MAX + 1 })) <= LINKS_MAX
      if (await fits()) return true
      await this.findOneAndDelete({ asset, revokedAt: { $ne: null } }, { sort: { createdAt: 1, _id: 1 } })
      return fits()
    },

    /** An asset's links but the revoked ones, newest first, from a position on. */
    async listOf(asset, { limit, from }) {
      const found = await this.find({ asset, revokedAt: null, ...(from ? after(NEWEST, from) : {}) })
        .sort(sortBy(NEWEST))
        .limit(limit + 1)
        .lean()
      const { items: links, next } = cut(found, NEWEST, limit)
      return { links, next }
    },
  },
})
schema.index({ tokenHash: 1 }, { unique: true })
// a page of an asset's links; deletion of the asset
schema.index({ asset: 1, createdAt: -1, _id: -1 })

/** Whether a link still leads anywhere. */
export function isOpen({ revokedAt, expiresAt, maxDownloads, downloads }: LinkFields, now: Date): boolean {
  return (
    !revokedAt && !(expiresAt && expiresAt <= now) && !(maxDownloads !== null && downloads >= maxDownloads)
  )
}

export const Link = model<LinkFields, LinkModel>('Link', schema)
