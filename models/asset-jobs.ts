import type { Types } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'

/** Largest number of times that a job is started. A job that ends its process each time is not started again. */
const MAX_STARTS = 3
/** Largest number of due jobs that are read at once. */
const MAX_DUE = 100

/**
 * A kind of work for an asset that is done once, also when a process dies. Its state is in the asset: the update that
 * makes it necessary stores it, `claim` counts a start before the work begins, and `end` removes it. A start holds the
 * job for a lease. When the lease expires, the job is due again.
 */
class AssetJob {
  readonly #path: string

  constructor(private readonly name: keyof AssetFields['jobs'] & string) {
    this.#path = `jobs.${name}`
  }

  /** Returns the state of a job that this process starts in the same update. */
  started(leaseMs: number): AssetFields['jobs'] {
    return { [this.name]: { at: after(leaseMs), starts: 1 } }
  }

  /** Returns the part of an update that ends the job. */
  get ended() {
    return { $unset: { [this.#path]: 1 } }
  }

  /** Returns ids of assets whose job is due. */
  async due(): Promise<Types.ObjectId[]> {
    const assets = await Asset.find(
      { state: 'ready', [`${this.#path}.at`]: { $lte: new Date() } },
      { _id: 1 },
    )
      .limit(MAX_DUE)
      .lean()
    return assets.map(({ _id }) => _id)
  }

  /**
   * Starts a due job for a lease. Returns its asset; null when another process has started it, it has ended, or this
   * would be the fourth start. The fourth start ends the job.
   */
  async claim(id: Types.ObjectId, leaseMs: number): Promise<AssetFields | null> {
    const due = { _id: id, state: 'ready', [`${this.#path}.at`]: { $lte: new Date() } } as const
    const starts = `${this.#path}.starts`
    const claimed = await Asset.findOneAndUpdate(
      { ...due, [starts]: { $lt: MAX_STARTS } },
      { $set: { [`${this.#path}.at`]: after(leaseMs) }, $inc: { [starts]: 1 } },
      { returnDocument: 'after', timestamps: false },
    ).lean()
    if (!claimed)
      await Asset.updateOne({ ...due, [starts]: { $gte: MAX_STARTS } }, this.ended, { timestamps: false })
    return claimed
  }

  /** Ends the job of an asset without a result. */
  async end(id: Types.ObjectId): Promise<void> {
    await Asset.updateOne({ _id: id }, this.ended, { timestamps: false })
  }
}

const after = (ms: number) => new Date(Date.now() + ms)

/** Renders the thumbnail of an asset's own image. */
export const coverJob = new AssetJob('cover')
