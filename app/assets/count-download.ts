import type { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'

/** One download more; no other field changes, its version included. */
export async function countDownload(id: Types.ObjectId): Promise<void> {
  await Asset.updateOne({ _id: id }, { $inc: { downloads: 1 } })
}
