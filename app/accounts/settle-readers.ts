import type { QueryFilter, Types, UpdateQuery } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { publish } from '../../models/asset-access.ts'
import { User } from '../../models/user.ts'
import { IN_TRANSITION, isClosed } from '../../models/user-state.ts'
import { within } from '../clock.ts'
import type { Services } from '../services.ts'

/** How long a request waits until all assets are hidden or shown, in milliseconds. */
const SETTLE_MS = 2000
/** Assets that one update changes. */
const BATCH = 1000

/**
 * Takes the reader `public` out of the assets of an account that was disabled, or gives it back to those of one that
 * was enabled. Does nothing for an account that is not in transition. Can be repeated, and run beside itself.
 */
export async function settleReaders(id: Types.ObjectId): Promise<void> {
  for (;;) {
    const user = await User.findOne({ _id: id, ...IN_TRANSITION }, { disabled: 1, deleting: 1 }).lean()
    if (!user) return
    await (isClosed(user) ? hideAssets(id) : showAssets(id))
    const { disabled, deleting } = user
    const done = { readersPending: false }
    const { matchedCount } = await User.updateOne({ _id: id, disabled, deleting }, done, {
      timestamps: false,
    })
    if (matchedCount === 1) return
    // the account changed meanwhile: what was done last may undo what another request has done for the new state
    await User.updateOne({ _id: id }, { readersPending: true }, { timestamps: false })
  }
}

/** As `settleReaders`, for a request: what takes long goes on behind the answer, and what fails is left to the sweep. */
export async function settleSoon({ log }: Pick<Services, 'log'>, id: Types.ObjectId): Promise<void> {
  const settled = settleReaders(id).catch((error) =>
    log.warn({ err: error, user: id }, 'the sweep will hide or show the public assets of the account'),
  )
  await within(SETTLE_MS, settled)
}

/** Hides an asset that became public while its owner's account was being closed. Call it after the change. */
export async function hideIfClosed({ _id, owner, visibility }: AssetFields): Promise<void> {
  if (visibility !== 'public') return
  if (await User.exists({ _id: owner, disabled: false, deleting: false })) return
  await Asset.updateOne({ _id }, publish('private'))
}

const hideAssets = (owner: Types.ObjectId) => updateBatches({ owner, readers: 'public' }, publish('private'))

const showAssets = (owner: Types.ObjectId) =>
  updateBatches(
    { owner, state: 'ready', visibility: 'public', readers: { $ne: 'public' } },
    publish('public'),
  )

async function updateBatches(filter: QueryFilter<AssetFields>, update: UpdateQuery<AssetFields>) {
  let ids: Types.ObjectId[] = []
  const apply = async () => {
    await Asset.updateMany({ ...filter, _id: { $in: ids } }, update)
    ids = []
  }
  for await (const { _id } of Asset.find(filter, { _id: 1 }).lean().cursor())
    if (ids.push(_id) === BATCH) await apply()
  if (ids.length > 0) await apply()
}
