import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { BASE_PATH } from '../base.ts'
import type { UploadItem } from './item.ts'
import type { FileHandle, QueueStore } from './parts.ts'

/** Space that copies of chosen files can take in the browser, in bytes. */
const MAX_KEPT_BYTES = 200_000_000
/** How long an unfinished upload is kept after it was added, in milliseconds. */
const MAX_AGE_MS = 7 * 86_400_000

/** The files of an upload: opened again by handles, or copies. */
interface Source {
  id: string
  files: { path: string; handle?: FileHandle; file?: File }[]
  /** Bytes of copies. */
  bytes: number
}

interface Schema extends DBSchema {
  uploads: { key: string; value: UploadItem }
  sources: { key: string; value: Source }
  pictures: { key: string; value: { id: string; file: File } }
}

/** Opens the queue of this browser in IndexedDB. */
export async function openStore(): Promise<QueueStore> {
  const db = await openDB<Schema>(`kura.uploads${BASE_PATH}`, 1, {
    upgrade(created) {
      created.createObjectStore('uploads', { keyPath: 'id' })
      created.createObjectStore('sources', { keyPath: 'id' })
      created.createObjectStore('pictures', { keyPath: 'id' })
    },
  })
  let kept = await readKept(db)
  /** Pictures for which the browser has no space. */
  const unstored = new Map<string, File>()
  const remove = async (id: string) => {
    kept.delete(id)
    const change = db.transaction(['uploads', 'sources', 'pictures'], 'readwrite')
    for (const name of ['uploads', 'sources', 'pictures'] as const) void change.objectStore(name).delete(id)
    change.commit()
    await change.done
  }
  return {
    remove,
    async all() {
      const items = await db.getAll('uploads')
      const old = items.filter(({ createdAt }) => createdAt < Date.now() - MAX_AGE_MS)
      for (const { id } of old) await remove(id)
      return items.filter((item) => !old.includes(item))
    },
    async put(item) {
      const isDone = item.state === 'done'
      // the copies of files are written slowly: only an upload that needs none of its own waits for them
      const change = db.transaction(isDone ? ['uploads', 'sources'] : ['uploads'], 'readwrite')
      const stored: Promise<unknown>[] = [change.objectStore('uploads').put(item), change.done]
      if (isDone) {
        stored.push(change.objectStore('sources').delete(item.id))
        kept.delete(item.id)
      }
      // does not wait for the answers of the requests: the window can be closed at any time
      change.commit()
      // without space in the browser the upload goes on, but is not there after a reload
      await Promise.all(stored).catch(() => undefined)
    },
    async keep(id, chosen) {
      const size = chosen.reduce((sum, { file, handle }) => sum + (handle ? 0 : file.size), 0)
      // other windows have removed files since this one read them
      if (sumOf(kept) + size > MAX_KEPT_BYTES) kept = await readKept(db)
      if (sumOf(kept) + size > MAX_KEPT_BYTES) return false
      const files = chosen.map(({ file, path, handle }) => (handle ? { path, handle } : { path, file }))
      try {
        kept.set(id, size)
        await db.put('sources', { id, files, bytes: size })
        return true
      } catch {
        // the browser has no space for the copy: the upload goes on without it
        kept.delete(id)
        return false
      }
    },
    async open(id, ask) {
      const source = await db.get('sources', id)
      if (!source) return null
      const files: File[] = []
      for (const { handle, file } of source.files) {
        if (handle && !(await isAllowed(handle, ask))) return 'permission'
        const opened = handle ? await handle.getFile().catch(() => null) : file
        if (!opened) return null
        files.push(opened)
      }
      return files
    },
    async putPicture(id, file) {
      unstored.delete(id)
      // without space in the browser only a reload loses the picture
      await db.put('pictures', { id, file }).catch(() => unstored.set(id, file))
    },
    picture: async (id) => unstored.get(id) ?? (await db.get('pictures', id))?.file ?? null,
  }
}

/** Returns the bytes of the copies of each upload. */
const readKept = async (db: IDBPDatabase<Schema>): Promise<Map<string, number>> =>
  new Map((await db.getAll('sources')).map(({ id, bytes }) => [id, bytes]))

const sumOf = (bytes: Map<string, number>): number => [...bytes.values()].reduce((sum, one) => sum + one, 0)

type Permissions = FileHandle & {
  queryPermission(options: { mode: 'read' }): Promise<PermissionState>
  requestPermission(options: { mode: 'read' }): Promise<PermissionState>
}

async function isAllowed(handle: FileHandle, ask: boolean): Promise<boolean> {
  const permissions = handle as Permissions
  if ((await permissions.queryPermission({ mode: 'read' })) === 'granted') return true
  return ask && (await permissions.requestPermission({ mode: 'read' })) === 'granted'
}

/** Returns a queue that ends with the page, for browsers that cannot share one between windows (pages without HTTPS). */
export function memoryStore(): QueueStore {
  const pictures = new Map<string, File>()
  return {
    all: async () => [],
    put: async () => undefined,
    remove: async (id) => void pictures.delete(id),
    keep: async () => false,
    open: async () => null,
    putPicture: async (id, file) => void pictures.set(id, file),
    picture: async (id) => pictures.get(id) ?? null,
  }
}
