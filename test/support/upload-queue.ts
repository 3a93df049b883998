import { expect } from 'chai'
import { ApiError } from '../../web/src/api/errors.ts'
import type { Change, UploadItem } from '../../web/src/upload/item.ts'
import type { Message } from '../../web/src/upload/items.ts'
import type { Progress, QueueStore, Transport } from '../../web/src/upload/parts.ts'
import { UploadQueue } from '../../web/src/upload/queue.ts'
import { eventually } from './eventually.ts'

interface Sent {
  item: UploadItem
  progress: Progress
  succeed(): void
  fail(code: string, retryAfter?: string): void
}

/** A service whose answers the test gives. */
class FakeService implements Transport {
  readonly sent: Sent[] = []
  readonly changes: Change[] = []
  readonly removed: (string | null)[] = []
  duplicate: { id: string; name: string } | null = null
  /** Error of a change of fields, and of a deletion. */
  refusal: Error | null = null

  upload(item: UploadItem, _files: File[], progress: Progress): Promise<string> {
    return new Promise((resolve, reject) => {
      progress.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
      const fail = (code: string, retryAfter: string | null = null) =>
        reject(new ApiError(code, `failed: ${code}`, [], null, retryAfter))
      this.sent.push({ item, progress, fail, succeed: () => resolve(`asset of ${item.name}`) })
    })
  }

  async change(_item: UploadItem, change: Change): Promise<void> {
    if (this.refusal) throw this.refusal
    this.changes.push(change)
  }

  async addPicture(): Promise<void> {}

  async remove({ assetId }: UploadItem): Promise<void> {
    if (this.refusal) throw this.refusal
    this.removed.push(assetId)
  }

  async findDuplicate(): Promise<{ id: string; name: string } | null> {
    return this.duplicate
  }
}

/** What a browser keeps between pages. */
export class FakeStore implements QueueStore {
  readonly items = new Map<string, UploadItem>()
  readonly files = new Map<string, File[] | 'permission'>()
  /** Whether changes are lost, because the window is closed before they are stored. */
  isClosing = false
  all = async () => [...this.items.values()]
  put = async (item: UploadItem) => {
    if (!this.isClosing) this.items.set(item.id, item)
  }
  remove = async (id: string) => void this.items.delete(id)
  keep = async () => false
  open = async (id: string, ask: boolean) => {
    const files = this.files.get(id) ?? null
    return files === 'permission' && ask ? [fileOf('a')] : files
  }
  putPicture = async () => undefined
  picture = async () => null
}

/** A file that was changed after it was chosen: browsers refuse to read it. */
export class ChangedFile extends File {
  override slice(): Blob {
    throw new DOMException('The file was changed', 'NotReadableError')
  }
}

export const fileOf = (name: string, content = name) => new File([content], name)
export const chosen = (name: string, content = name) => [{ file: fileOf(name, content), path: name }]
let ids = 0

/** Opens a window with the queue of ada. */
export function openWindow(
  windowId: string,
  { service = new FakeService(), store = new FakeStore(), account = 'ada' } = {},
) {
  const messages: Message[] = []
  const clock = { now: 1000 }
  const queue = new UploadQueue({
    store,
    transport: service,
    windowId,
    async hash(file) {
      file.slice(0, 1)
      return `sha256 of ${await file.text()}`
    },
    post: (message) => messages.push(message),
    onStored: () => undefined,
    isOnline: () => true,
    now: () => clock.now,
    newId: () => `id ${++ids}`,
  })
  queue.setAccount(account)
  const itemOf = (name: string) => queue.items.find((item) => item.name === name)
  const stateOf = (name: string) => itemOf(name)?.state
  const idOf = (name: string) => String(itemOf(name)?.id)
  const sentOf = async (name: string): Promise<Sent> => {
    let found: Sent | undefined
    await eventually(async () => {
      found = service.sent.findLast(({ item }) => item.name === name)
      expect(found).not.to.equal(undefined)
    })
    return found as Sent
  }
  return { queue, service, store, messages, clock, itemOf, stateOf, idOf, sentOf }
}
