import { open, type RootDatabase } from 'lmdb'
import { decode, toBson } from '../values/codec.ts'
import type { Doc } from '../values/types.ts'

/** What the catalog keeps of one collection. */
export interface CollectionEntry {
  /** Number of the collection in the keys of its records; never used again. */
  uid: number
  indexes: Doc[]
}

type RecordKey = [uid: number, record: number]

/**
 * The durable half: documents as BSON by collection and record number, and a catalog of collections. Writes of one
 * event turn are committed together and in order, so a promise of the last one stands for all before it.
 */
export class Store {
  readonly #root: RootDatabase<Buffer, string>
  readonly #records
  readonly #catalog
  #last: Promise<unknown> = Promise.resolve()
  #writes = 0

  /**
   * What was committed always outlives the process. `outlivesMachine: false` leaves it to the system when it
   * reaches the disk, which is quicker by far.
   */
  constructor(path: string, { outlivesMachine = true } = {}) {
    const unsynced = { noSync: true, overlappingSync: false }
    this.#root = open<Buffer, string>({
      path,
      encoding: 'binary',
      maxDbs: 4,
      ...(!outlivesMachine && unsynced),
    })
    this.#records = this.#root.openDB<Buffer, RecordKey>('records', { encoding: 'binary' })
    this.#catalog = this.#root.openDB<Buffer, string>('catalog', { encoding: 'binary' })
  }

  /** Runs a function in a transaction no other process can run at the same time. */
  exclusively<T>(run: (settings: RootDatabase<Buffer, string>) => T): T {
    return this.#root.transactionSync(() => run(this.#root))
  }

  *collections(): Iterable<{ namespace: string; entry: CollectionEntry }> {
    for (const { key, value } of this.#catalog.getRange()) {
      const { uid, indexes } = decode(value)
      yield { namespace: key, entry: { uid: Number(uid), indexes: indexes as Doc[] } }
    }
  }

  /** Documents in natural order. */
  *documents(uid: number): Iterable<{ record: number; doc: Doc }> {
    for (const { key, value } of this.#records.getRange({ start: [uid, 0], end: [uid + 1, 0] })) {
      yield { record: key[1], doc: decode(value) }
    }
  }

  /** The greatest collection number any record carries: a dropped collection may have left some. */
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

  /** Memory has gone ahead of a write that failed: going on would answer with what is not there after a restart. */
  #track(write: Promise<boolean>): void {
    this.#writes += 1
    this.#last = write.catch((cause: unknown) => {
      setImmediate(() => {
        throw new Error('the embedded database cannot write to its directory', { cause })
      })
      return new Promise(() => {})
    })
  }

  /** How many writes there have been: tells whether a step wrote anything. */
  get writes(): number {
    return this.#writes
  }

  /** Resolves when everything written so far is committed: it then survives the death of the process. */
  async committed(): Promise<void> {
    await this.#last
  }

  /** Resolves when everything is on the disk, and lets go of the files. */
  async close(): Promise<void> {
    await this.#last
    await this.#root.flushed
    await this.#root.close()
  }
}
