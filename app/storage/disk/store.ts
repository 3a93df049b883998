import { access, constants, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { closeToOthers } from '../../../config/private-files.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import { ObjectMissing, type ObjectStore } from '../object-store.ts'
import { freeBytesOf, translateDiskError } from './file-system.ts'
import { readMark, writeMark } from './mark.ts'
import { listObjects, readObject, removeObjects } from './objects.ts'
import { testDisk } from './self-test.ts'
import { listUnfinished, removeUnfinished, TEMPORARY, writeObject } from './write.ts'

interface DiskStoreOptions {
  /** Folder of the objects. Created if it does not exist. */
  dir: string
}

/** Throws the translated error. Use it in `promise.catch`. */
function rethrow(error: unknown): never {
  throw translateDiskError(error)
}

/**
 * Opens a store that keeps each object in a file below `dir`. The folder is created at the start only: if it is missing
 * later, its disk is not mounted, and files written to a new folder would be hidden by the next mount.
 *
 * @throws unavailable when the folder cannot be created
 */
export async function openDiskStore({ dir }: DiskStoreOptions): Promise<ObjectStore> {
  const root = resolve(dir)
  const temporary = join(root, TEMPORARY)
  const assertMounted = () => access(temporary, constants.R_OK | constants.W_OK | constants.X_OK)

  await mkdir(temporary, { recursive: true, mode: 0o700 }).catch(rethrow)
  // New folders and files are private. Closing the root also protects files that other programs have put there.
  for (const folder of [root, temporary]) await closeToOthers(folder, 0o700).catch(rethrow)

  const store: ObjectStore = {
    kind: 'disk',
    description: `Files are kept on disk in ${root}.`,
    check: () => assertMounted().catch(rethrow),
    freeBytes: () => freeBytesOf(root).catch(rethrow),
    put: async (key, body, options) => writeObject(root, assertKey(key), body, options),
    async open(key, range, signal) {
      try {
        return await readObject(root, assertKey(key), range, signal)
      } catch (error) {
        if (error instanceof ObjectMissing) await assertMounted().catch(rethrow)
        return rethrow(error)
      }
    },
    async remove(keys) {
      const valid = keys.map(assertKey)
      await assertMounted().catch(rethrow)
      await removeObjects(root, valid).catch(rethrow)
    },
    async *list(prefix) {
      const valid = assertPrefix(prefix)
      try {
        await assertMounted()
        yield* listObjects(root, valid)
      } catch (error) {
        rethrow(error)
      }
    },
    async *listUnfinished(prefix) {
      const valid = assertPrefix(prefix)
      try {
        await assertMounted()
        for await (const { key, begunAt } of listUnfinished(root, valid)) yield { key, begunAt }
      } catch (error) {
        rethrow(error)
      }
    },
    async abortUnfinished(prefix, before) {
      const valid = assertPrefix(prefix)
      await assertMounted().catch(rethrow)
      return removeUnfinished(root, valid, before).catch(rethrow)
    },
    protect: async () => undefined,
    async readMark() {
      await assertMounted().catch(rethrow)
      return readMark(root).catch(rethrow)
    },
    selfTest() {
      return testDisk(store)
    },
    async writeMark(content, options) {
      await assertMounted().catch(rethrow)
      await writeMark(root, content, options).catch(rethrow)
    },
    close: async () => undefined,
  }
  return store
}
