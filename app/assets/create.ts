import { type AssetFields, describeWords, NAME, normalizeTags, type Visibility } from '../../models/asset.ts'
import { readersOf } from '../../models/asset-access.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import { withKeys } from '../../models/asset-keys.ts'
import { bytesOf, objectsOf } from '../../models/asset-objects.ts'
import { storeFiles, type Whole } from '../../models/file-set.ts'
import type { AssetType } from '../../models/media.ts'
import { cleanName, codePoints, cutText } from '../../models/text.ts'
import { hideIfOwnerInactive } from '../accounts/update-readers.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { settleCreation } from '../events/asset-events.ts'
import { assetMedia, assetType } from '../media/media-types.ts'
import type { ReceivedUpload } from '../uploads/upload-session.ts'

/** Fields of a new asset that a client can set. The others are derived from its files. */
export interface NewAsset {
  name?: string
  description?: string
  type?: AssetType
  tags?: string[]
  visibility?: Visibility
  license?: string | null
  source?: string | null
  localPath?: string
}

/**
 * Creates an asset from the files and images of an upload. The upload is settled when this resolves. The cover can
 * follow later.
 *
 * @throws `not_found` when the upload was aborted
 * @throws what `confirmSender` throws
 */
export async function createAsset(
  { covers, events }: Pick<Context, 'covers' | 'events'>,
  { uploadSession, files, images }: Pick<ReceivedUpload, 'uploadSession' | 'files' | 'images'>,
  sender: Sender,
  given: NewAsset,
): Promise<Whole> {
  const pending = covers.begin(uploadSession, files, sender.user._id.toString())
  const cover = await pending.inTime()
  const settlement = { bytes: bytesOf(objectsOf({ allFiles: files, images, cover })), files: files.length }
  const visibility = given.visibility ?? 'private'
  const described = {
    name: given.name ?? nameFromFile(files[0]?.name ?? ''),
    description: given.description ?? '',
    tags: normalizeTags(given.tags ?? []),
  }
  const fields = {
    ...described,
    ...describeFiles(files),
    ...(given.type ? { type: given.type, typeGiven: true } : {}),
    license: given.license ?? null,
    source: given.source ?? null,
    ...(given.localPath ? { localPath: given.localPath } : {}),
    visibility,
  }
  const stored = await storeFiles(uploadSession, files, sender.user._id)
  const identity = { _id: uploadSession.asset, owner: uploadSession.owner }
  await confirmSender({ sender })
  const set = {
    ...fields,
    ...stored,
    ...describeWords(described),
    images,
    cover,
    jobs: pending.jobs(),
    hasLinks: false,
    inScenes: false,
    readers: readersOf({ owner: uploadSession.owner, visibility, collaborators: [] }),
    unsettled: [{ id: uploadSession.id, ...settlement }],
  }
  const asset = await uploadSession.insertAsset(
    withKeys(set, { ...fields, ...identity, allFiles: files, state: 'ready', lock: null }),
  )
  if (!asset) throw notFound()
  await hideIfOwnerInactive(asset, await settleCreation({ events }, uploadSession, settlement, asset))
  pending.addLater(asset)
  return { ...asset, allFiles: files }
}

/** Returns the name of an asset without one: the name of its first file, cut between characters. */
const nameFromFile = (fileName: string): string =>
  cleanName(cutText(fileName, NAME.max, codePoints)) || 'file'

/** What a client has set in place of what the files say. */
type Corrections = Partial<Pick<AssetFields, 'type' | 'typeGiven' | 'media' | 'mediaGiven'>>

/** Returns the fields of an asset that are derived from its files. The type follows a corrected kind of media. */
export function describeFiles(
  files: AssetFile[],
  { type, typeGiven, media: corrected, mediaGiven }: Corrections = {},
) {
  const media = mediaGiven && corrected ? corrected : assetMedia(files.map((file) => file.media))
  return { media, size: bytesOf(files), type: typeGiven && type ? type : assetType(media) }
}
