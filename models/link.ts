import { type Model, model, type QueryFilter, Schema, type Types } from 'mongoose'
import { afterPosition, NEWEST, type Position, sortBy, toPage } from './plugins/page.ts'
import { creationTime, type Timestamps } from './plugins/timestamps.ts'
import type { Stored } from './stored.ts'

/** What a client reads by a link. */
export interface Read {
  /** The network of the client, as a digest. */
  network: string
  /** The digest of the file or zip, or the id of the use of a signed URL. */
  bytes: string
}

/** A counted download. */
interface Use extends Read {
  at: Date
}

const definition = {
  asset: { type: Schema.Types.ObjectId, required: true, immutable: true },
  owner: { type: Schema.Types.ObjectId, required: true, immutable: true },
  /** SHA-256 of the token in hex. The token itself is not stored. */
  tokenHash: { type: String, required: true, immutable: true },
  /** A name for the owner. Missing is null. */
  label: { type: String, default: null },
  passwordHash: { type: String, default: null },
  /** Goes up with each change of the password, which ends signed URLs. Missing is 0. */
  passwordEpoch: { type: Number, default: 0 },
  expiresAt: { type: Date, default: null },
  maxDownloads: { type: Number, default: null },
  downloads: { type: Number, required: true, default: 0 },
  revokedAt: { type: Date, default: null },
  lastUsedAt: { type: Date, default: null },
  /**
   * The newest uses, from which clients can continue. They are part of the link, so that one update decides whether a
   * request uses a download. Removed by `forgetUses`.
   */
  uses: {
    type: [new Schema<Use>({ network: String, bytes: String, at: Date }, { _id: false, id: false })],
    default: undefined,
    select: false,
  },
  /** When all `uses` are too old. */
  usesEndAt: { type: Date, select: false },
} as const

/** A link: it gives access to an asset without an account. */
export type LinkFields = Omit<Stored<typeof definition>, 'uses' | 'usesEndAt'> & Pick<Timestamps, 'createdAt'>
type StoredLink = LinkFields & { uses?: Use[]; usesEndAt?: Date }

/** Fields of a link that its owner can change. */
export type LinkChange = Partial<Pick<LinkFields, 'expiresAt' | 'maxDownloads' | 'passwordHash' | 'label'>>

/** Length of a label, in characters. */
export const LABEL = { max: 100 } as const

/** How long after a use a client of the same network can continue that download without another use, in milliseconds. */
const CONTINUE_MS = 3_600_000
/** Most uses of a link from which clients can continue. A link that is used more often forgets the oldest. */
const USES_MAX = 1000

/**
 * Most links of an asset, including expired and revoked ones. A revoked link is deleted when a new one needs its place.
 */
export const LINKS_MAX = 1000

interface Page {
  limit: number
  from: Position | undefined
}

/** What a client continues; without `bytes` any download. */
type Continued = Pick<Read, 'network'> & Partial<Read>

interface LinkModel extends Model<StoredLink> {
  ofToken(tokenHash: string): Promise<LinkFields | null>
  byId(id: string): Promise<LinkFields | null>
  allOf(asset: Types.ObjectId): AsyncIterable<LinkFields>
  use(id: Types.ObjectId, read: Read, now: Date, continues: boolean): Promise<boolean>
  canContinue(id: Types.ObjectId, read: Continued, now: Date): Promise<boolean>
  forgetUses(now: Date): Promise<void>
  change(
    id: string,
    asset: Types.ObjectId,
    owner: Types.ObjectId,
    change: LinkChange,
  ): Promise<{ before: LinkFields; after: LinkFields } | null>
  renewPassword(id: Types.ObjectId, verified: string, passwordHash: string): Promise<void>
  revoke(id: string, asset: Types.ObjectId, owner: Types.ObjectId, now: Date): Promise<boolean>
  revokeAllOf(asset: Types.ObjectId, now: Date): Promise<void>
  remove(id: Types.ObjectId): Promise<void>
  removeAllOf(asset: Types.ObjectId): Promise<void>
  makeRoom(asset: Types.ObjectId): Promise<boolean>
  listOf(
    of: Pick<LinkFields, 'asset'> | Pick<LinkFields, 'owner'>,
    page: Page,
  ): Promise<{ links: LinkFields[]; next: Position | null }>
}

/** Returns the filter of links that are not revoked and not past their date. */
const open = (now: Date): QueryFilter<StoredLink> => ({
  revokedAt: null,
  $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }],
})

/** Returns the condition on `uses` that one of them can be continued. */
const recently = (read: Continued, now: Date) => ({
  $elemMatch: { ...read, at: { $gt: new Date(now.getTime() - CONTINUE_MS) } },
})

const schema = new Schema<StoredLink, LinkModel>(definition, {
  collection: 'links',
  timestamps: creationTime,
  versionKey: false,
  statics: {
    /** Returns the link of a token, even an expired or revoked link, or null. */
    ofToken(tokenHash: string): Promise<LinkFields | null> {
      return Link.findOne({ tokenHash }).lean().exec()
    },

    /** Returns a link, even an expired or revoked link, or null. */
    byId(id: string): Promise<LinkFields | null> {
      return Link.findById(id).lean().exec()
    },

    /** Reads all links of an asset. */
    allOf(asset: Types.ObjectId): AsyncIterable<LinkFields> {
      return Link.find({ asset }).lean().cursor()
    },

    /**
     * Counts a download. Returns false when the limit of downloads is reached; exact under concurrency.
     *
     * @param continues whether the request continues a download: it is not counted if a client of the network used the
     *   link for the same bytes within the last hour
     */
    async use(id: Types.ObjectId, read: Read, now: Date, continues: boolean): Promise<boolean> {
      if (continues && (await this.canContinue(id, read, now))) return true
      const { modifiedCount } = await this.updateOne(
        {
          _id: id,
          ...(continues ? { uses: { $not: recently(read, now) } } : {}),
          $and: [
            open(now),
            { $or: [{ maxDownloads: null }, { $expr: { $lt: ['$downloads', '$maxDownloads'] } }] },
          ],
        },
        {
          $inc: { downloads: 1 },
          $set: { lastUsedAt: now, usesEndAt: new Date(now.getTime() + CONTINUE_MS) },
          $push: { uses: { $each: [{ ...read, at: now }], $slice: -USES_MAX } },
        },
      )
      // another request of the network can have used the link in between
      return modifiedCount === 1 || (continues && this.canContinue(id, read, now))
    },

    /** Returns whether a client can continue a download, even if the link has no downloads left. */
    async canContinue(id: Types.ObjectId, read: Continued, now: Date): Promise<boolean> {
      return (await this.exists({ _id: id, ...open(now), uses: recently(read, now) })) !== null
    },

    /** Removes the uses of links that nobody used within the last hour. */
    async forgetUses(now: Date): Promise<void> {
      await this.updateMany({ usesEndAt: { $lte: now } }, { $unset: { uses: 1, usesEndAt: 1 } })
    },

    /** Changes a link of an owner's asset. Returns null when there is none, or it is revoked. */
    async change(id: string, asset: Types.ObjectId, owner: Types.ObjectId, change: LinkChange) {
      const filter = { _id: id, asset, owner, revokedAt: null }
      const before = await this.findOneAndUpdate(
        filter,
        { $set: change, ...('passwordHash' in change ? { $inc: { passwordEpoch: 1 } } : {}) },
        { returnDocument: 'before' },
      ).lean()
      return before && { before, after: { ...before, ...change } }
    },

    /** Sets another hash of the same password, if the link still has the verified one. */
    async renewPassword(id: Types.ObjectId, verified: string, passwordHash: string): Promise<void> {
      await Link.updateOne({ _id: id, passwordHash: verified }, { passwordHash })
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

    /** Returns a page of the links of an asset or an owner, newest first, without the revoked ones. */
    async listOf(of, { limit, from }) {
      const found = await this.find({ ...of, revokedAt: null, ...(from ? afterPosition(NEWEST, from) : {}) })
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
// a page of an owner's links
schema.index({ owner: 1, createdAt: -1, _id: -1 })
// links with uses to remove, for the sweep
schema.index({ usesEndAt: 1 }, { sparse: true })

/** Returns whether a link is neither revoked nor past its date. */
export const isOpen = ({ revokedAt, expiresAt }: LinkFields, now: Date): boolean =>
  !revokedAt && !(expiresAt && expiresAt <= now)

/** Returns whether a link has no downloads left. */
export const isUsedUp = ({ maxDownloads, downloads }: LinkFields): boolean =>
  maxDownloads !== null && downloads >= maxDownloads

export const Link = model<StoredLink, LinkModel>('Link', schema)
