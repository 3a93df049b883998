import { isDeepStrictEqual } from 'node:util'
import type { mongo } from 'mongoose'
import { describeWords, normalizeTags } from '../../../models/asset.ts'
import type { AssetFile } from '../../../models/asset-files.ts'
import { type Keyed, keysOf, keysOfFilter } from '../../../models/asset-keys.ts'
import { cleanName, normalizeText } from '../../../models/text.ts'
import { searchKeys } from '../../../models/user.ts'
import { cleanFileName } from '../../media/file-name.ts'
import { changeInBatches, collectionOf, type Migration } from './migration.ts'
import { complete, fileSetsOf, type StoredAsset, type StoredFileSet, unchanged } from './stored-asset.ts'

interface StoredUser {
  _id: mongo.ObjectId
  username: string
  name?: string | null
  firstName?: string | null
  lastName?: string | null
}

interface StoredName {
  _id: mongo.ObjectId
  title?: string
  label?: string | null
}

/** Matches a text that can have another form: one with more than the visible characters of ASCII, or with blank ends. */
const OTHER = /[^ -~]|^ | $/
const anyOf = (...fields: string[]) => ({ $or: fields.map((field) => ({ [field]: OTHER })) })

/**
 * Puts the texts that earlier releases stored as they were sent into the form of new ones: NFC, names cleaned, equal tags
 * merged. Everything that is not text of users stays. A changed asset gets its words and keys again, and a new version, so
 * that a change that read the former texts is refused and repeated.
 *
 * A repeated run finds nothing to change in the documents that are done.
 */
export const nfc: Migration = {
  name: '0005-nfc',
  async up(context) {
    const inAssets = anyOf('name', 'description', 'tags', 'files.name', 'localPath').$or
    await changeInBatches<StoredAsset>(
      'assets',
      { state: { $ne: 'deleting' }, $or: [...inAssets, { fileSet: { $type: 'string' } }] } as object,
      changeAssets,
      context,
    )
    await changeInBatches<StoredName>('projects', anyOf('title'), changeNames('title'), context)
    await changeInBatches<StoredName>('links', anyOf('label'), changeNames('label'), context)
    await changeInBatches<StoredUser>('users', anyOf('name', 'firstName', 'lastName'), changeUsers, context)
  },
}

/** Returns the new form of a name. A name of earlier releases without a visible character stays. */
const newName = (name: string): string => cleanName(name) || normalizeText(name)

const newFile = (file: AssetFile): AssetFile =>
  file.name ? { ...file, name: cleanFileName(file.name) } : file

async function changeAssets(batch: StoredAsset[], assets: mongo.Collection<StoredAsset>): Promise<void> {
  const fileSets = collectionOf<StoredFileSet>('fileSets')
  // an asset that another request changes meanwhile is read again
  for (let left = batch; left.length > 0; ) {
    const sets = await fileSetsOf(left)
    const changes = left.flatMap((asset) => changeOf(asset, sets.get(asset.fileSet ?? '')) ?? [])
    const plain = changes.filter(({ set }) => !set)
    if (plain.length > 0)
      await assets.bulkWrite(
        plain.map(({ updateOne }) => ({ updateOne })),
        { ordered: false },
      )
    for (const { updateOne, set } of changes) {
      if (!set) continue
      const { matchedCount } = await assets.updateOne(updateOne.filter, updateOne.update)
      // after the asset: its keys are computed again as long as the set has the former names
      if (matchedCount === 1) await fileSets.updateOne({ _id: set._id }, { $set: { files: set.files } })
    }
    const changed = changes.map(({ _id }) => _id)
    left = changed.length > 0 ? await assets.find({ _id: { $in: changed } }).toArray() : []
  }
}

interface AssetUpdate {
  _id: mongo.ObjectId
  updateOne: { filter: mongo.Filter<StoredAsset>; update: mongo.UpdateFilter<StoredAsset> }
  /** The file set with its new names, if they differ. */
  set: StoredFileSet | null
}

/** Returns the update of an asset; null if it has the new form. */
function changeOf(asset: StoredAsset, set: StoredFileSet | undefined): AssetUpdate | null {
  const { _id, files = [], localPath } = asset
  const current = complete(asset, set?.files ?? files)
  const described = {
    name: newName(current.name),
    description: normalizeText(current.description),
    tags: normalizeTags(current.tags),
  }
  const former = {
    name: current.name,
    description: current.description,
    tags: current.tags,
    files,
    ...(localPath === undefined ? {} : { localPath }),
  }
  const wanted = {
    ...described,
    files: files.map(newFile),
    ...(localPath === undefined ? {} : { localPath: normalizeText(localPath) }),
  }
  const newSet = set && { _id: set._id, files: set.files.map(newFile) }
  const isSameSet = isDeepStrictEqual(newSet?.files, set?.files)
  const isSame = isDeepStrictEqual(wanted, former) && isSameSet
  if (isSame && hasTagKeys(asset)) return null
  const allFiles = current.allFiles.map(newFile)
  return {
    _id,
    updateOne: {
      filter: unchanged(asset),
      update: {
        $set: {
          ...wanted,
          ...keysAfter({ ...current, ...wanted, allFiles }),
          ...describeWords(described),
        } as object,
        ...(isSame ? {} : { $inc: { version: 1 } }),
      },
    },
    set: isSameSet ? null : (newSet ?? null),
  }
}

/** Returns the keys of an asset in a form that the next migration computes again. */
const keysAfter = (asset: Keyed) => ({ keys: keysOf(asset), keysForm: 1 })

/** Returns whether an asset has a key for each of its tags. Earlier releases compared tags by their text. */
function hasTagKeys({ state, tags = [], keys = [] }: StoredAsset): boolean {
  return state !== 'ready' || keysOfFilter('tag', tags).every((key) => keys.includes(key))
}

const changeNames =
  (field: 'title' | 'label') =>
  async (batch: StoredName[], collection: mongo.Collection<StoredName>): Promise<void> => {
    const changes = batch.flatMap(({ _id, [field]: name }) => {
      if (!name || newName(name) === name) return []
      const filter = { _id, [field]: name } as mongo.Filter<StoredName>
      return [{ updateOne: { filter, update: { $set: { [field]: newName(name) } as Partial<StoredName> } } }]
    })
    if (changes.length > 0) await collection.bulkWrite(changes, { ordered: false })
  }

async function changeUsers(batch: StoredUser[]): Promise<void> {
  const users = collectionOf<StoredUser>('users')
  for (const user of batch) {
    const { _id, username } = user
    const former = { name: user.name, firstName: user.firstName, lastName: user.lastName }
    const names = Object.entries(former).flatMap(([field, name]) =>
      name && newName(name) !== name ? [[field, newName(name)]] : [],
    )
    const set = Object.fromEntries(names) as Partial<StoredUser>
    const ifStill = (fields: object) => ({ _id, ...fields }) as mongo.Filter<StoredUser>
    if (names.length > 0)
      await users.updateOne(ifStill(formerOf(user, Object.keys(set))), {
        $set: { ...set, ...(set.name ? { searchKeys: searchKeys({ username, name: set.name }) } : {}) },
      })
  }
}

const formerOf = (user: StoredUser, fields: string[]) =>
  Object.fromEntries(fields.map((field) => [field, user[field as keyof StoredUser]]))
