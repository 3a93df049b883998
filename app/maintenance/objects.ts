import type { Types } from 'mongoose'
import type { AssetObject } from '../../models/asset.ts'
import {
  assetOwners,
  isNamed,
  namedObjects,
  objectsOf,
  pendingDeletionOf,
} from '../../models/asset-objects.ts'
import { Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { eachUser } from '../../models/user-state.ts'
import type { ObjectStore, StoredObject } from '../storage/object-store.ts'
import { readKey } from '../uploads/keys.ts'
import type { Fault } from './finding.ts'

interface Named extends AssetObject {
  asset: Types.ObjectId
}

/**
 * Where store and documents differ: objects of ours, made before a time, that nothing names, and documents that
 * name what is not there. Nothing stands still for it, so the order of reading is what makes it right: objects
 * before uploads before assets, for an upload is recorded before its first object and forgotten after its asset
 * names them.
 */
export async function* compareObjects(store: ObjectStore, before: Date): AsyncGenerator<Fault> {
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
): AsyncGenerator<Fault> {
  const stored = new Map<string, StoredObject>()
  for await (const object of store.list(`${location}/`)) stored.set(object.key, object)
  const live = await Upload.idsOf(owner)
  const named = new Map<string, Named>()
  const pending = new Set<string>()
  for await (const asset of namedObjects(owner)) {
    for (const { key, size } of objectsOf(asset)) named.set(key, { key, size, asset: asset._id })
    for (const key of pendingDeletionOf(asset).flatMap(({ keys }) => keys)) pending.add(key)
  }

  for (const { key, size, modifiedAt } of stored.values()) {
    const ours = readKey(key)
    if (!ours || named.has(key) || pending.has(key) || live.has(ours.upload) || modifiedAt >= before) continue
    yield { kind: 'orphan', key, size }
  }
  for (const one of named.values()) {
    const fault = stored.get(one.key)?.size === one.size ? null : await judge(store, one)
    if (fault) yield fault
  }
}

/** An object of a key that is named is never removed nor made again: what is so between two looks is so. */
async function judge(store: ObjectStore, { key, size, asset }: Named): Promise<Fault | null> {
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

/** Objects of accounts that are no more. */
async function* findUnowned(store: ObjectStore, locations: Set<string>, before: Date): AsyncGenerator<Fault> {
  for await (const { key, size, modifiedAt } of store.list('')) {
    const ours = readKey(key)
    if (!ours || locations.has(ours.location) || modifiedAt >= before) continue
    if (await User.isAny({ location: ours.location })) locations.add(ours.location)
    else yield { kind: 'orphan', key, size }
  }
}
