import { queries } from '../api/query.ts'
import { session } from '../api/session.ts'
import { BASE_PATH } from '../base.ts'
import { hashFile } from './hash.ts'
import type { Message } from './items.ts'
import type { QueueStore } from './parts.ts'
import { UploadQueue } from './queue.ts'
import { memoryStore, openStore } from './store.ts'
import { rememberUploads } from './traces.ts'
import { transport } from './transport.ts'

const NAME = `kura.uploads${BASE_PATH}`
/** Time after the last finished upload before lists are read again, in milliseconds. */
const REFRESH_MS = 500

let opened: Promise<UploadQueue> | undefined

/** Returns the queue of this browser, which goes on with the uploads of the account that is signed in. */
export async function openQueue(): Promise<UploadQueue> {
  opened ??= open()
  const queue = await opened
  queue.setAccount(session.account?.id ?? null)
  return queue
}

async function open(): Promise<UploadQueue> {
  // a page without HTTPS has no locks: its queue ends with it, so that no two windows upload the same
  const locks = navigator.locks as LockManager | undefined
  const windowId = newId()
  const store: QueueStore = locks ? await openStore().catch(memoryStore) : memoryStore()
  const channel = locks && new BroadcastChannel(NAME)
  let refresh: ReturnType<typeof setTimeout> | undefined
  const queue = new UploadQueue({
    store,
    transport,
    windowId,
    newId,
    hash: hashFile,
    post: (message) => channel?.postMessage(message),
    isOnline: () => navigator.onLine,
    now: Date.now,
    onStored() {
      clearTimeout(refresh)
      refresh = setTimeout(() => void queries.invalidateQueries(), REFRESH_MS)
    },
  })
  addEventListener('online', () => queue.online())
  addEventListener('beforeunload', (event) => {
    if (queue.wouldLose) event.preventDefault()
  })
  queue.subscribe(() => rememberUploads(!queue.isEmpty))
  if (locks && channel) {
    await holdForLife(locks, lockOf(windowId))
    channel.onmessage = ({ data }: MessageEvent<Message>) => queue.receive(data)
    queue.subscribe(() => followWindows(locks, queue))
    await queue.read()
  }
  return queue
}

/** Name of the lock that a window has while it is open. */
const lockOf = (windowId: string) => `${NAME}.window.${windowId}`

const holdForLife = (locks: LockManager, name: string) =>
  new Promise<void>((granted) => {
    void locks.request(name, () => {
      granted()
      // the browser releases it when the window is closed
      return new Promise(() => undefined)
    })
  })

/** Windows whose end this window waits for, by account and id. */
const followed = new Set<string>()

/**
 * Takes the uploads of other windows when they are closed. Only one of several waiting windows gets the lock first, and the
 * others then find nothing. Uploads of other accounts are taken, and removed, only if their window is closed already.
 */
function followWindows(locks: LockManager, queue: UploadQueue): void {
  const { account, foreign } = queue
  if (!account) return
  for (const { window, owner } of foreign) {
    const key = `${account} ${owner === account} ${window}`
    if (followed.has(key)) continue
    followed.add(key)
    const options = { ifAvailable: owner !== account }
    void locks.request(lockOf(window), options, async (lock) => {
      if (lock) await queue.takeOver(window)
    })
  }
}

/** Returns a random text. `crypto.randomUUID` exists only on pages with HTTPS. */
const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
