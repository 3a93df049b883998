import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { closeToOthers } from '../../../config/private-files.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import { ObjectMissing, type ObjectStore } from '../object-store.ts'
import { diskEngine } from './engine.ts'
import { translateDiskError } from './file-system.ts'
import { listFiles } from './list.ts'
import { readMark, writeMark } from './mark.ts'
import { readObject } from './read.ts'
import { removeFiles } from './remove.ts'
import { listTemporary, removeTemporary, TEMPORARY } from './temporary.ts'
import { writeObject } from './write.ts'

export interface DiskStoreOptions {
  /** The folder that holds the objects; made when it is not there. */
  dir: string
}

function refuse(error: unknown): never {
  throw translateDiskError(error)
}

/**
 * Objects as files below a folder. Rejects with `unavailable` when the folder cannot be made. Once made it is
 * never made again: a folder that has gone is a disk that is not mounted, and writing beside it would lose bytes.
 */
export async function openDiskStore({ dir }: DiskStoreOptions): Promise<ObjectStore> {
  const root = resolve(dir)
  const temporary = join(root, TEMPORARY)
  const mounted = () => access(temporary, constants.R_OK | constants.W_OK | constants.X_OK)

  await mkdir(temporary, { recursive: true, mode: 0o700 }).catch(refuse)
  // Folders and files below are made private; a root that is closed covers what others have put there.
  for (const folder of [root, temporary]) await closeToOthers(folder, 0o700).catch(refuse)

  const store: ObjectStore = {
    kind: 'disk',
    description: `Files are kept on disk in ${root}.`,
    check: () => mounted().catch(refuse),
    async freeBytes() {
      const { bavail, bsize } = await statfs(root).catch(refuse)
      return bavail * bsize
    },
    engine: (options) => diskEngine(store, options),
    put: async (key, body, signal) => writeObject(root, assertKey(key), body, signal),
    async open(key, range, signal) {
      try {
        return await readObject(root, assertKey(key), range, signal)
      } catch (error) {
        if (error instanceof ObjectMissing) await mounted().catch(refuse)
        return refuse(error)
      }
    },
    async remove(keys) {
      const valid = keys.map(assertKey)
      await mounted().catch(refuse)
      await removeFiles(root, valid).catch(refuse)
    },
    async *list(prefix) {
      const valid = assertPrefix(prefix)
      try {
        await mounted()
        yield* listFiles(root, valid)
      } catch (error) {
        refuse(error)
      }
    },
    async *listUnfinished(prefix) {
      const valid = assertPrefix(prefix)
      try {
        await mounted()
        for await (const { key, begunAt } of listTemporary(root, valid)) yield { key, begunAt }
      } catch (error) {
        refuse(error)
      }
    },
    async abortUnfinished(prefix, before) {
      const valid = assertPrefix(prefix)
      await mounted().catch(refuse)
      return removeTemporary(root, valid, before).catch(refuse)
    },
    protect: async () => undefined,
    async readMark() {
      await mounted().catch(refuse)
      return readMark(root).catch(refuse)
    },
    async writeMark(content, how) {
      await mounted().catch(refuse)
      await writeMark(root, content, how).catch(refuse)
    },
    close: async () => undefined,
  }
  return store
}
