import type { StorageEngine } from 'multer'
import { openFileSource } from '../file-source.ts'
import type { EngineOptions, ObjectStore, StoredFile } from '../object-store.ts'

type Disk = Pick<ObjectStore, 'put' | 'remove'>

async function storeFile(disk: Disk, file: Express.Multer.File, options: EngineOptions) {
  const key = options.key(file)
  const { size } = await disk.put(key, openFileSource(file, options))
  return { key, size }
}

/** Multer's way into the disk: its own disk storage syncs nothing and shows half a file under its final name. */
export function diskEngine(disk: Disk, options: EngineOptions): StorageEngine {
  return {
    _handleFile(_request, file, callback) {
      storeFile(disk, file, options).then((stored: Partial<StoredFile>) => callback(null, stored), callback)
    },
    _removeFile(_request, file, callback) {
      const { key } = file as StoredFile
      disk.remove([key]).then(() => callback(null), callback)
    },
  }
}
