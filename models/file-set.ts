import { type Model, model, Schema, type Types } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { type AssetFile, fileSchema } from './asset-files.ts'
import { byName } from './name-key.ts'
import { creationTime, type Timestamps } from './plugins/timestamps.ts'
import type { Stored } from './stored.ts'

/** Most files in the document of an asset. Lists answer these. */
export const MAX_EMBEDDED_FILES = 20

const definition = {
  /** The id of the upload of the files. The record of that upload is the record of a set that no asset names yet. */
  _id: { type: String, required: true },
  asset: { type: Schema.Types.ObjectId, required: true, immutable: true },
  /** The user who uploaded the files. */
  by: { type: Schema.Types.ObjectId, required: true, immutable: true },
  files: { type: [fileSchema], required: true },
} as const

/** All files of an asset with more than 20 files. A set never changes: other files are another set. */
export type FileSetFields = Stored<typeof definition> & Pick<Timestamps, 'createdAt'>

const schema = new Schema<FileSetFields, Model<FileSetFields>>(definition, {
  collection: 'fileSets',
  timestamps: creationTime,
  versionKey: false,
})

export const FileSet = model<FileSetFields, Model<FileSetFields>>('FileSet', schema)

/** The fields of an asset that name its files. */
type Naming = Pick<AssetFields, '_id' | 'files' | 'fileSet'>

interface AllFiles {
  allFiles: AssetFile[]
}

/** An asset with all its files. `files` are those in its document. */
export type Whole<A extends Naming = AssetFields> = A & AllFiles

/** Returns the files of a whole asset, or those that lists answer of another one. */
export const knownFiles = ({ files, allFiles = files }: Pick<Naming, 'files'> & Partial<AllFiles>) => allFiles

/** Returns the number of all files of an asset. */
export const countFiles = ({ files, fileCount }: Pick<AssetFields, 'files' | 'fileCount'>): number =>
  fileCount ?? files.length

/**
 * Stores the files of an upload as a set when they do not fit into the document of the asset. Returns the fields of the
 * asset. The files are stored in the order of their names. Call it before the commit: undoing the upload removes the set.
 */
export async function storeFiles(
  { id, asset }: { id: string; asset: Types.ObjectId },
  received: readonly AssetFile[],
  by: Types.ObjectId,
): Promise<Pick<AssetFields, 'files' | 'fileSet' | 'fileCount'>> {
  const files = byName(received)
  const fileCount = files.length
  if (fileCount <= MAX_EMBEDDED_FILES) return { files, fileSet: null, fileCount }
  await FileSet.create({ _id: id, asset, by, files })
  return { files: files.slice(0, MAX_EMBEDDED_FILES), fileSet: id, fileCount }
}

/** Removes a set. Does nothing when there is none with this id. */
export async function removeFileSet(id: string): Promise<void> {
  await FileSet.deleteOne({ _id: id })
}

/** Returns all files of an asset; null when its set was removed, because the files were replaced since it was read. */
export async function allFilesOf({ files, fileSet }: Naming): Promise<AssetFile[] | null> {
  if (!fileSet) return files
  const set = await FileSet.findById(fileSet).lean()
  return set?.files ?? null
}

/** An asset names a set that does not exist. */
export class FileSetMissing extends Error {
  override readonly name = 'FileSetMissing'

  constructor({ _id, fileSet }: Naming) {
    super(`the file set ${fileSet} of asset ${_id} is missing`)
  }
}

/**
 * Returns an asset with all its files. Reads the asset again when its files were replaced after it was read.
 *
 * @param read returns the asset, or null when there is none
 * @param first the asset if it was read already
 * @throws FileSetMissing
 */
export async function readWhole<A extends Naming>(
  read: () => Promise<A | null>,
  first?: A,
): Promise<Whole<A> | null> {
  let missing: string | undefined
  for (let asset = first ?? (await read()); asset; asset = await read()) {
    const allFiles = await allFilesOf(asset)
    if (allFiles) return { ...asset, allFiles }
    if (asset.fileSet === missing) throw new FileSetMissing(asset)
    missing = asset.fileSet ?? undefined
  }
  return null
}

/** Reads all files of each asset. Leaves out assets that are deleted meanwhile. */
export async function* readAllWhole(assets: AsyncIterable<AssetFields>): AsyncGenerator<Whole> {
  for await (const asset of assets) {
    const whole = await readWhole(() => Asset.byId(asset._id), asset)
    if (whole) yield whole
  }
}

/** Returns an asset after a change that did not change its files. */
export const withSameFiles = ({ before, after }: { before: Whole; after: AssetFields }): Whole => ({
  ...after,
  allFiles: before.allFiles,
})

/** Reads the sets that were stored before a time. */
export const fileSetsBefore = (before: Date): AsyncIterable<Pick<FileSetFields, '_id' | 'asset'>> =>
  FileSet.find({ createdAt: { $lt: before } }, { asset: 1 })
    .lean()
    .cursor()

/** Reads the names of the files of sets. */
export const fileSetNames = (
  ids: string[],
): AsyncIterable<{ _id: string; files: Pick<AssetFile, 'name'>[] }> =>
  FileSet.collection.find<{ _id: string; files: Pick<AssetFile, 'name'>[] }>(
    { _id: { $in: ids } } as object,
    { projection: { 'files.name': 1 } },
  )
