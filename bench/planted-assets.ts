import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { type AssetFields, describeWords, normalizeTags, type Visibility } from '../models/asset.ts'
import { readersOf } from '../models/asset-access.ts'
import { KEYS_FORM, type Keyed, keysOf } from '../models/asset-keys.ts'
import type { Media } from '../models/media.ts'
import { wordOf } from './small-assets.ts'

const START = Date.UTC(2026, 0, 1)

/** Returns an asset as an upload stores it. One in 1,000 has a rare word and tag, one in five is private. */
export function plantedAsset(i: number, owners: readonly Types.ObjectId[]): Partial<AssetFields> {
  const described = {
    name: `${wordOf(i)} ${wordOf(i * 7 + 3)} ${i}`,
    tags: normalizeTags([wordOf(i * 5), wordOf(i * 3 + 1), `set-${i % 200}`, `rare-${i % 1000}`]),
    description: `${Array.from({ length: 12 }, (_, j) => wordOf(i * 11 + j * j)).join(' ')} rare${i % 1000}`,
  }
  const owner = owners[i % owners.length] as Types.ObjectId
  const visibility: Visibility = i % 5 === 0 ? 'private' : 'public'
  const isDocument = i % 50 === 1
  const media: Media = isDocument ? 'document' : i % 2 === 0 ? 'image' : 'other'
  const at = new Date(START + i * 10_000)
  const id = randomUUID()
  const size = 1000 + ((i * 7919) % 100_000)
  const files = [
    {
      ...{ id, key: `bench/${id}`, size, name: `${wordOf(i)}-${i}.bin`, media },
      mediaType: 'application/octet-stream',
      sha256: id.replaceAll('-', '').repeat(2),
    },
  ]
  const asset: Omit<Keyed, 'allFiles'> & Partial<AssetFields> = {
    ...{ owner, visibility, media, size, ...described, ...describeWords(described) },
    state: 'ready',
    type: media === 'image' ? '2D' : 'other',
    lock: null,
    readers: readersOf({ owner, visibility, collaborators: [] }),
    files,
    fileCount: files.length,
    downloads: (i * 31) % 500,
    createdAt: at,
    updatedAt: new Date(at.getTime() + ((i * 13) % 1000) * 1000),
  }
  return { ...asset, keys: keysOf({ ...asset, allFiles: files }), keysForm: KEYS_FORM }
}
