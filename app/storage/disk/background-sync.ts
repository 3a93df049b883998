import type { FileHandle } from 'node:fs/promises'

/** Bytes after which a file is synced while the rest of it is written. */
const SYNCED_BYTES = 32 * 1024 * 1024

/**
 * Syncs a file while it is written, so that the last sync does not wait for the whole file. The system reports an error of
 * the disk only to one sync, so an error is kept for `idle`.
 */
export class BackgroundSync {
  #unsynced = 0
  #running = false
  #last: Promise<void> = Promise.resolve()

  constructor(private readonly handle: Pick<FileHandle, 'datasync'>) {}

  /** Counts written bytes. Begins a sync when there are enough, unless one runs or has failed. */
  count(bytes: number): void {
    this.#unsynced += bytes
    if (this.#unsynced < SYNCED_BYTES || this.#running) return
    this.#unsynced = 0
    this.#running = true
    this.#last = this.handle.datasync()
    this.#last.then(
      () => {
        this.#running = false
      },
      () => undefined,
    )
  }

  /** Resolves when no sync runs. @throws the error of a sync */
  idle(): Promise<void> {
    return this.#last
  }
}
