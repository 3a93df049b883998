import { Asset } from '../../../models/asset.ts'
import { Capacity } from '../../../models/capacity.ts'
import { Upload } from '../../../models/upload.ts'
import { User } from '../../../models/user.ts'
import type { TestApp } from './app.ts'

/** Returns the keys of the store, sorted. */
export async function keysOf({ store }: Pick<TestApp, 'store'>, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

/** Returns all stored state. A refused request must not change it. */
export async function stateOf(app: Pick<TestApp, 'store'>) {
  const sums = {
    'space.used': 1,
    'space.reserved': 1,
    'space.files': 1,
    'space.reservedFiles': 1,
    'space.open': 1,
  }
  return {
    objects: await keysOf(app),
    assets: await Asset.find().sort({ _id: 1 }).lean(),
    uploads: await Upload.find().lean(),
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
