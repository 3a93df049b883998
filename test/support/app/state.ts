import type { Types } from 'mongoose'
import { Asset } from '../../../models/asset.ts'
import { Capacity } from '../../../models/capacity.ts'
import type { OpenEntry } from '../../../models/plugins/space.ts'
import { User } from '../../../models/user.ts'
import type { TestApp } from './app.ts'

/** Returns the keys of the store, sorted. */
export async function keysOf({ store }: Pick<TestApp, 'store'>, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

/** Returns all stored state. A refused request must not change it. The words of an earlier change can be stored meanwhile. */
export async function stateOf(app: Pick<TestApp, 'store'>) {
  const sums = {
    'space.used': 1,
    'space.reserved': 1,
    'space.files': 1,
    'space.reservedFiles': 1,
    'space.uploads': 1,
    'space.open': 1,
  }
  return {
    objects: await keysOf(app),
    assets: await Asset.find({}, { termsDue: 0 }).sort({ _id: 1 }).lean(),
    uploads: await runningUploads(),
    users: await User.find({}, sums).sort({ _id: 1 }).lean(),
    capacity: await Capacity.find({}, sums).lean(),
  }
}

/** Returns the bytes of all objects below a prefix. The recorded usage must be equal. */
export async function storedBytes(app: Pick<TestApp, 'store'>, prefix = ''): Promise<number> {
  let bytes = 0
  for await (const { size } of app.store.list(prefix)) bytes += size
  return bytes
}

/** Returns the records of the running uploads. */
export async function runningUploads(filter: { _id?: Types.ObjectId } = {}): Promise<OpenEntry[]> {
  const users = await User.find(filter, { space: 1 }).lean()
  return users.flatMap(({ space }) => space.uploads ?? [])
}

/** Makes all running uploads stale, as if their processes were dead. */
export async function killUploads(): Promise<void> {
  const dead = { $set: { 'space.uploads.$[].heartbeatAt': new Date(0) } }
  await User.updateMany({ 'space.uploads.0': { $exists: true } }, dead, { timestamps: false })
}
