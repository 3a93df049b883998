import type { Config } from '../../config/env.ts'
import type { ObjectStore } from './object-store.ts'

/** The store of the configuration: a bucket where one is named, else the disk. Only that one's code is loaded. */
export async function openStore({ dir, s3 }: Config['storage']): Promise<ObjectStore> {
  if (s3) {
    const { openS3Store } = await import('./s3/store.ts')
    return openS3Store(s3)
  }
  const { openDiskStore } = await import('./disk/store.ts')
  return openDiskStore({ dir })
}
