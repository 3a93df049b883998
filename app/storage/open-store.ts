import type { Config } from '../../config/env.ts'
import type { ObjectStore } from './object-store.ts'

/** Opens the configured store: the bucket if one is named, otherwise the disk. Loads the code of that store only. */
export async function openStore({ dir, s3 }: Config['storage']): Promise<ObjectStore> {
  if (s3) {
    const { openS3Store } = await import('./s3/store.ts')
    return openS3Store(s3)
  }
  const { openDiskStore } = await import('./disk/store.ts')
  return openDiskStore({ dir })
}
