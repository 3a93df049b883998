import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { decode, toBson } from '../values/codec.ts'
import type { Doc } from '../values/types.ts'
import { type Growth, Reserve, type ReserveOptions } from './reserve.ts'

/** Catalog entry of one collection. */
interface CollectionEntry {
  /** Number of the collection in the keys of its records. Never reused. */
  uid: number
  indexes: Doc[]
}

export interface StoreOptions extends ReserveOptions {
  /** Whether a commit waits for the disk. */
  syncToDisk?: boolean
}

type RecordKey = [uid: number, record: number]

/**
 * Stores documents as BSON by collection and record number, and a catalog of collections. LMDB commits the writes of one
 * turn of the event loop together and in order, so the promise of the last write covers all writes before it.
 */
export class Store {
  readonly #root: RootDatabase<Buffer, string>
  readonly #records
  readonly #catalog
  #last: Promise<unknown> = Promise.resolve()
  #writes = 0
  readonly #reserve: Reserve

  /**
   * Committed data always survives the end of the process. With `syncToDisk: false` the system decides when it writes
   * to the disk: much faster, but a crash of the machine can lose data.
   */
  constructor(path: string, { syncToDisk = true, ...options }: StoreOptions = {}) {
    const unsynced = { noSync: true, overlappingSync: false }
    this.#root = open<Buffer, string>({
      path,
      encoding: 'binary',
      maxDbs: 4,
      ...(!syncToDisk && unsynced),
    })
    this.#records = this.#root.openDB<Buffer, RecordKey>('records', { encoding: 'binary' })
    this.#catalog = this.#root.openDB<Buffer, string>('catalog', { encoding: 'binary' })
    this.#reserve = new Reserve(this.#root, dirname(path), options)
  }

  /** Checks that a document can grow. @throws 14031 (OutOfDiskSpace) while the disk is full */
  admit(kind: Growth, growthOf: () => number): void {
    this.#reserve.admit(kind, growthOf)
  }

  /** Runs a function in a transaction that excludes other processes. */
  runExclusively<T>(run: (settings: RootDatabase<Buffer, string>) => T): T {
    return this.#root.transactionSync(() => run(this.#root))
  }

  *collections(): Iterable<{ namespace: string; entry: CollectionEntry }> {
    for (const { key, value } of this.#catalog.getRange()) {
      const { uid, indexes } = decode(value)
      yield { namespace: key, entry: { uid: Number(uid), indexes: indexes as Doc[] } }
    }
  }

  /** Yields the documents of a collection in natural order. */
  *documents(uid: number): Iterable<{ record: number; doc: Doc }> {
    for (const { key, value } of this.#records.getRange({ start: [uid, 0], end: [uid + 1, 0] })) {
      yield { record: key[1], doc: decode(value) }
    }
  }

  /** Returns the greatest collection number in the keys of records, including records left by a dropped collection. */
  lastUid(): number {
    for (const [uid] of this.#records.getKeys({ reverse: true, limit: 1 })) return uid
    return 0
  }

  putDocument(uid: number, record: number, bytes: Uint8Array): void {
    this.#track(
      this.#records.put([uid, record], Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    )
  }

  removeDocument(uid: number, record: number): void {
    this.#track(this.#records.remove([uid, record]))
  }

  putCollection(namespace: string, entry: CollectionEntry): void {
    this.#track(this.#catalog.put(namespace, Buffer.from(toBson({ ...entry }))))
  }

  removeCollection(namespace: string): void {
    this.#track(this.#catalog.remove(namespace))
  }

  /** Ends the process when a write fails: memory already has the change, and replies would differ from the data on disk. */
  #track(write: Promise<boolean>): void {
    this.#writes += 1
    this.#last = write.catch((cause: unknown) => {
      setImmediate(() => {
        throw new Error('the embedded database cannot write to its directory', { cause })
      })
      return new Promise(() => {})
    })
  }

  /** Number of writes so far. Compare two values to know whether a command wrote. */
  get writes(): number {
    return this.#writes
  }

  /** Resolves when all writes so far are committed, so that they survive the end of the process. */
  async committed(): Promise<void> {
    await this.#last
  }

  /** Resolves when all writes are on the disk and the files are closed. */
  async close(): Promise<void> {
    this.#reserve.close()
    await this.#last
    await this.#root.flushed
    await this.#root.close()
  }
}
