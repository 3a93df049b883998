import type { Types } from 'mongoose'
import type { AssetObject } from '../../models/asset-files.ts'
import {
  assetOwners,
  isNamed,
  namedObjects,
  objectsOf,
  pendingDeletionOf,
  wholeNamed,
} from '../../models/asset-objects.ts'
import { removePending } from '../../models/asset-upload.ts'
import { FileSetMissing, removeFileSet } from '../../models/file-set.ts'
import { staleUploads, uploadsOf } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { eachUser } from '../../models/user-state.ts'
import { resumeDeletion } from '../assets/pending-deletion.ts'
import type { Context } from '../context.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'
import { parseObjectKey } from '../uploads/object-keys.ts'
import { undoUpload } from '../uploads/undo-upload.ts'
import { type Finding, isFixable } from './finding.ts'
import { findOrphanAssets, findOrphanPrefixes, findOrphanSets, findUnfinishedRemovals } from './orphans.ts'
import { reconcile } from './reconcile.ts'

interface Options {
  /** Whether to fix the findings that can be fixed. */
  fix: boolean
  /** Grace period in milliseconds: uploads and changes that are younger are ignored. */
  graceMs: number
}

interface CheckResult {
  finding: Finding
  /** Whether this check fixed the finding. */
  fixed: boolean
}

/**
 * Compares store and documents while both are in use. Changes nothing unless `fix` is set. Lost data cannot be fixed
 * and is only reported.
 *
 * @throws when `fix` is set and the database has no users, because that would empty the store
 */
export async function* checkStorage(
  context: Pick<Context, 'store' | 'events'>,
  { fix, graceMs }: Options,
): AsyncGenerator<CheckResult> {
  const { store } = context
  if (fix) await assertRightDatabase(store)
  const before = new Date(Date.now() - graceMs)
  const report = async (finding: Finding, repair: () => Promise<unknown>): Promise<CheckResult> => {
    const fixed = fix && isFixable(finding)
    if (fixed) await repair()
    return { finding, fixed }
  }

  for (const upload of await staleUploads(graceMs))
    yield report({ kind: 'upload', id: upload.id }, () => undoUpload(context, upload))
  for (const asset of await findUnfinishedRemovals(before))
    yield report({ kind: 'removal', asset: asset._id.toString() }, () => resumeDeletion(context, asset))
  for (const id of await findOrphanAssets(before))
    yield report({ kind: 'pending', asset: id.toString() }, () => removePending(id))
  for (const prefix of await findOrphanPrefixes(store, before))
    yield report({ kind: 'unfinished', prefix }, () => store.abortUnfinished(prefix, before))
  for await (const id of findOrphanSets(before)) yield report({ kind: 'set', id }, () => removeFileSet(id))
  for await (const finding of compareObjects(store, before))
    yield report(finding, async () => finding.kind === 'orphan' && store.remove([finding.key]))
  for await (const discrepancy of reconcile({ fix, before }))
    yield { finding: { kind: 'usage', discrepancy }, fixed: fix }
}

async function assertRightDatabase(store: ObjectStore): Promise<void> {
  if (await User.isAny({})) return
  for await (const { key } of store.list(''))
    throw new Error(`The database has no users, but the store has ${key}: is MONGODB_URI the right one?`)
}

/** Returns undefined for an asset whose file set is missing. */
function ignoreMissingSet(error: unknown): undefined {
  if (!(error instanceof FileSetMissing)) throw error
}

interface NamedObject extends AssetObject {
  asset: Types.ObjectId
}

/**
 * Finds objects that are older than a time and that no document names, and objects that a document names but the store
 * lacks. Requests run meanwhile, so the order of reading matters: objects before uploads before assets. An upload is
 * recorded before its first object, and its record is deleted after its asset names the objects.
 */
async function* compareObjects(store: ObjectStore, before: Date): AsyncGenerator<Finding> {
  const locations = new Set<string>()
  for await (const { _id, location } of eachUser('location')) {
    if (!location) continue
    locations.add(location)
    yield* compareUser(store, { owner: _id, location, before })
  }
  yield* findUnowned(store, locations, before)
  for await (const { _id } of assetOwners())
    if (!(await User.isAny({ _id }))) yield { kind: 'ownerless', owner: _id.toString() }
}

async function* compareUser(
  store: ObjectStore,
  { owner, location, before }: { owner: Types.ObjectId; location: string; before: Date },
): AsyncGenerator<Finding> {
  const stored = new Map<string, StoredObject>()
  for await (const object of store.list(`${location}/`)) stored.set(object.key, object)
  const live = new Set((await uploadsOf(owner)).map(({ id }) => id))
  const named = new Map<string, NamedObject>()
  const pending = new Set<string>()
  for await (const found of namedObjects(owner)) {
    const { _id, fileSet } = found
    const asset = await wholeNamed(_id, found).catch(ignoreMissingSet)
    if (asset) for (const { key, size } of objectsOf(asset)) named.set(key, { key, size, asset: _id })
    else if (asset === undefined && fileSet) {
      // nothing else knows which objects the asset has, so none of the upload is an orphan
      live.add(fileSet)
      yield { kind: 'lost-set', set: fileSet, asset: _id.toString() }
    }
    for (const key of pendingDeletionOf(asset ?? found).flatMap(({ keys }) => keys)) pending.add(key)
  }

  for (const { key, size, modifiedAt } of stored.values()) {
    const own = parseObjectKey(key)
    if (!own || named.has(key) || pending.has(key) || live.has(own.upload) || modifiedAt >= before) continue
    yield { kind: 'orphan', key, size }
  }
  for (const object of named.values()) {
    const finding = stored.get(object.key)?.size === object.size ? null : await recheck(store, object)
    if (finding) yield finding
  }
}

/**
 * Reads a named object again, because a request can have changed its asset meanwhile. Keys are never used twice: when
 * the asset names the key before and after, the object must exist in between.
 */
async function recheck(store: ObjectStore, { key, size, asset }: NamedObject): Promise<Finding | null> {
  if (!(await isNamed(asset, key))) return null
  const object = await findObject(store, key)
  if (object?.size === size || !(await isNamed(asset, key))) return null
  const where = { key, asset: asset.toString() }
  return object
    ? { kind: 'size', ...where, recorded: size, stored: object.size }
    : { kind: 'missing', ...where }
}

async function findObject(store: ObjectStore, key: string): Promise<StoredObject | undefined> {
  for await (const object of store.list(key)) if (object.key === key) return object
  return undefined
}

/** Finds objects of accounts that no longer exist. */
async function* findUnowned(
  store: ObjectStore,
  locations: Set<string>,
  before: Date,
): AsyncGenerator<Finding> {
  for await (const { key, size, modifiedAt } of store.list('')) {
    const own = parseObjectKey(key)
    if (!own || locations.has(own.location) || modifiedAt >= before) continue
    if (await User.isAny({ location: own.location })) locations.add(own.location)
    else yield { kind: 'orphan', key, size }
  }
}
