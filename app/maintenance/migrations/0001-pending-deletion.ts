import type { mongo } from 'mongoose'
import { changeInBatches, type Migration } from './migration.ts'

interface StoredAsset {
  _id: mongo.ObjectId
  trash?: { id: string }[]
  pendingDeletion?: { id: string }[]
}

/**
 * Copies `trash` of assets to `pendingDeletion`, its new name. Keeps `trash`, because processes of the previous release
 * read and write it. The next release removes it.
 */
export const pendingDeletion: Migration = {
  name: '0001-pending-deletion',
  up: (context) =>
    changeInBatches<StoredAsset>(
      'assets',
      { $or: [{ pendingDeletion: { $exists: false } }, { 'trash.0': { $exists: true } }] },
      async (assets, collection) => {
        const ids = assets.map(({ _id }) => _id)
        await collection.updateMany(
          { _id: { $in: ids }, pendingDeletion: { $exists: false } },
          { $set: { pendingDeletion: [] } },
        )
        // The service can finish a deletion at any time: a deleted entry must not come back.
        for (const { _id, trash = [] } of assets)
          for (const entry of trash)
            await collection.updateOne(
              { _id, 'trash.id': entry.id, 'pendingDeletion.id': { $ne: entry.id } },
              { $push: { pendingDeletion: entry } },
            )
      },
      context,
    ),
}
