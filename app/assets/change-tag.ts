import type { Types } from 'mongoose'
import { normalizeTags } from '../../models/asset.ts'
import { visibleAsset } from '../../models/asset-access.ts'
import { changeableTagged, countChangeableTagged, isTagged, lockedTagged } from '../../models/asset-tags.ts'
import { tagKey } from '../../models/text.ts'
import type { Sender } from '../auth/sender.ts'
import type { AssetContext } from '../context.ts'
import { AppError, notFound } from '../errors.ts'
import { updateAsset } from './update.ts'

/** Most assets that one call changes. */
export const MAX_TAGGED = 1000
/** Most locked assets that an answer names. */
export const MAX_LOCKED = 100
/** Assets of one call that are changed at the same time. */
const CONCURRENCY = 4

interface TagChange {
  /** The number of assets that this call changed. */
  changed: number
  /** The number of assets that still have the tag and can be changed by another call. */
  remaining: number
  /** The ids of locked assets that keep the tag. */
  locked: string[]
}

type TagContext = Pick<AssetContext, 'clock' | 'events' | 'log'>

/**
 * Replaces a tag in the sender's own assets, or takes it off. Each asset is changed as by a change of its tags alone: its
 * version rises, and the right is checked again. Locked assets keep the tag. A call that ends early can be repeated.
 *
 * @param to the new tag; null takes the tag off
 * @param signal ends the call before the next asset
 * @throws `not_found` when no own asset has the tag
 * @throws what `confirmSender` throws
 */
export async function changeTag(
  context: TagContext,
  sender: Sender,
  tag: string,
  to: string | null,
  signal?: AbortSignal,
): Promise<TagChange> {
  const [from] = normalizeTags([tag])
  if (from === undefined) throw notFound()
  // another spelling of the same tag concerns only the assets that do not have it yet
  const except = to !== null && tagKey(to) === tagKey(from) ? to : undefined
  const assets = { owner: sender.user._id, tag: from, except }
  const ids = await changeableTagged(assets, context.clock.now(), MAX_TAGGED)
  const changed = await changeEach(context, sender, ids, { from, to }, signal)
  const now = context.clock.now()
  const locked = await lockedTagged(assets, now, MAX_LOCKED)
  if (ids.length + locked.length === 0 && !(except && (await isTagged({ ...assets, except: undefined }))))
    throw notFound()
  return { changed, remaining: await countChangeableTagged(assets, now), locked: locked.map(String) }
}

interface Replacement {
  from: string
  to: string | null
}

/** Changes assets, a few at a time. Returns how many were changed. */
async function changeEach(
  context: TagContext,
  sender: Sender,
  ids: Types.ObjectId[],
  replacement: Replacement,
  signal?: AbortSignal,
): Promise<number> {
  const left = ids.values()
  let changed = 0
  let isFailed = false
  const work = async () => {
    for (const id of left) {
      if (signal?.aborted || isFailed) return
      if (await changeOne(context, sender, id, replacement)) changed += 1
    }
  }
  const workers = Array.from({ length: CONCURRENCY }, () =>
    work().catch((error) => {
      isFailed = true
      throw error
    }),
  )
  const results = await Promise.allSettled(workers)
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return changed
}

/** Returns false when the asset was locked or deleted, or lost the tag, after its id was read. */
async function changeOne(
  context: TagContext,
  sender: Sender,
  id: Types.ObjectId,
  { from, to }: Replacement,
): Promise<boolean> {
  for (;;) {
    const asset = await visibleAsset(id, sender.user)
    const isFrom = (one: string) => tagKey(one) === tagKey(from)
    if (!asset?.tags.some((one) => isFrom(one) && one !== to)) return false
    const tags = asset.tags.flatMap((one) => (isFrom(one) ? (to ?? []) : one))
    try {
      await updateAsset(context, asset, sender, { tags }, asset.version)
      return true
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'locked' || error.code === 'not_found') return false
      if (error.code !== 'version_conflict') throw error
    }
  }
}
