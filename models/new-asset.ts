import type { AssetFields } from './asset.ts'
import { timestamps } from './plugins/timestamps.ts'

type Given = Pick<AssetFields, '_id' | 'owner' | 'state'> & Partial<AssetFields>

/**
 * Returns the whole document of a new asset: the given fields, and for the others the defaults of the schema. Building it
 * with Mongoose took a tenth of the processor time of a small upload.
 */
export function newAsset(given: Given): AssetFields {
  const createdAt = given.createdAt ?? timestamps.currentTime()
  return {
    name: '',
    nameKey: '',
    description: '',
    license: null,
    source: null,
    type: 'other',
    typeGiven: false,
    media: 'other',
    mediaGiven: false,
    tags: [],
    visibility: 'private',
    visibilityEpoch: 0,
    readers: [],
    collaborators: [],
    files: [],
    fileSet: null,
    images: [],
    cover: null,
    size: 0,
    downloads: 0,
    version: 0,
    lock: null,
    takenDownAt: null,
    keys: [],
    jobs: {},
    intents: [],
    unsettled: [],
    pendingDeletion: [],
    trash: [],
    ...given,
    createdAt,
    updatedAt: createdAt,
  }
}
