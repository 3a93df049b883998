import type { Config } from '../../config/env.ts'
import { openDiskStore } from './disk-store.ts'
import type { ObjectStore } from './object-store.ts'
import { openS3Store } from './s3-store.ts'

/** The store of the configuration: a bucket where one is named, else the disk. */
export function openStore({ dir, s3 }: Config['storage']): Promise<ObjectStore> {
  return s3 ? openS3Store(s3) : openDiskStore({ dir })
}
