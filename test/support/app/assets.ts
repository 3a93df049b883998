import { Types } from 'mongoose'
import { Asset, type AssetFields, describeWords } from '../../../models/asset.ts'
import { readersOf } from '../../../models/asset-access.ts'
import { withKeys } from '../../../models/asset-keys.ts'
import { readWhole, type Whole } from '../../../models/file-set.ts'
import { obj } from '../data/samples.ts'
import type { TestUser } from './users.ts'

/** The fields of an asset in an answer that tests read. */
export interface AssetAnswer {
  id: string
  version: number
  size: number
  fileCount: number
  downloads: number
  files: { id: string; name: string; size: number; sha256: string; url: string }[]
  images: { id: string; url: string }[]
  thumbnail: string | null
}

/** Uploads an asset through the API. */
export async function uploadAsset(
  user: Pick<TestUser, 'post'>,
  fields: Record<string, string> = {},
  files: Record<string, Buffer> = { 'chair.obj': obj() },
): Promise<AssetAnswer> {
  const request = user.post('/api/assets').field(fields)
  for (const [name, bytes] of Object.entries(files)) request.attach('files', bytes, name)
  const { body } = await request.expect(201)
  return body.res.asset
}

/** Reads an asset with all its files. */
export async function wholeAsset(id: string): Promise<Whole> {
  const asset = await readWhole(() => Asset.byId(id))
  if (!asset) throw new Error(`there is no asset ${id}`)
  return asset
}

/** Inserts the document of an asset without objects, for tests of searches. */
export async function insertAsset(
  owner: { _id: Types.ObjectId },
  fields: Partial<AssetFields> = {},
): Promise<AssetFields> {
  const described = { name: 'Chair', description: '', tags: [], ...fields }
  const createdAt = fields.createdAt ?? new Date()
  const asset = new Asset({
    _id: new Types.ObjectId(),
    owner: owner._id,
    state: 'ready',
    version: 1,
    createdAt,
    updatedAt: createdAt,
    ...fields,
    ...described,
    ...describeWords(described),
    readers: readersOf({ owner: owner._id, visibility: 'private', collaborators: [], ...fields }),
  })
  await asset
    .set(withKeys({}, { ...asset.toObject(), allFiles: fields.files ?? [] }))
    .save({ timestamps: false })
  return asset.toObject()
}
