import { queries } from '../api/query.ts'
import { BASE_PATH } from '../base.ts'
import { hashFile } from './hash.ts'
import type { Message } from './items.ts'
import type { QueueStore } from './parts.ts'
import { UploadQueue } from './queue.ts'
import { memoryStore, openStore } from './store.ts'
import { rememberUploads } from './traces.ts'
import { transport } from './transport.ts'

const NAME = `kura.uploads${BASE_PATH}`
/** Time between two looks for closed windows, in milliseconds. */
const LOOK_MS = 3000
/** Time after the last finished upload before lists are read again, in milliseconds. */
const REFRESH_MS = 500

let opened: Promise<UploadQueue> | undefined

/** Returns the queue of this browser, and goes on with what it has. */
export function openQueue(): Promise<UploadQueue> {
  opened ??= open()
  return opened
}

async function open(): Promise<UploadQueue> {
  // a page without HTTPS has no locks: its queue ends with it, so that no two windows upload the same
  const locks = navigator.locks as LockManager | undefined
  const windowId = newId()
  const store: QueueStore = locks ? await openStore().catch(memoryStore) : memoryStore()
  const channel = new BroadcastChannel(NAME)
  let refresh: ReturnType<typeof setTimeout> | undefined
  const queue = new UploadQueue({
    ...{ store, transport, windowId, newId, hash: hashFile },
    post: (message) => channel.postMessage(message),
    isOnline: () => navigator.onLine,
    now: Date.now,
    onStored() {
      clearTimeout(refresh)
      refresh = setTimeout(() => void queries.invalidateQueries(), REFRESH_MS)
    },
  })
  channel.onmessage = ({ data }: MessageEvent<Message>) => queue.receive(data)
  addEventListener('online', () => queue.online())
  addEventListener('beforeunload', (event) => {
    if (queue.wouldLose) event.preventDefault()
  })
  queue.subscribe(() => rememberUploads(!queue.isEmpty))
  if (locks) {
    await holdForLife(locks, `${NAME}.window.${windowId}`)
    await adopt(locks, queue)
    setInterval(() => {
      if (queue.items.some(({ window }) => window !== windowId)) void adopt(locks, queue)
    }, LOOK_MS)
  }
  return queue
}

const holdForLife = (locks: LockManager, name: string) =>
  new Promise<void>((granted) => {
    void locks.request(name, () => {
      granted()
      // the browser releases it when the window is closed
      return new Promise(() => undefined)
    })
  })

/** Takes the uploads of closed windows. One window at a time looks for them. */
async function adopt(locks: LockManager, queue: UploadQueue): Promise<void> {
  await locks.request(`${NAME}.adopt`, async () => {
    const { held = [] } = await locks.query()
    const prefix = `${NAME}.window.`
    const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(prefix))
    await queue.adopt(new Set(names.map((name) => name.slice(prefix.length))))
  })
}

/** Returns a random text. `crypto.randomUUID` exists only on pages with HTTPS. */
const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
