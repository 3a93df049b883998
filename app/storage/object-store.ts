import type { Readable } from 'node:stream'
import type { StorageEngine } from 'multer'

/** Bytes `start` to `end`, both inclusive, counted from 0. */
export interface ByteRange {
  start: number
  end: number
}

/** One object as a listing names it; `modifiedAt` is the store's own clock. */
export interface StoredObject {
  key: string
  size: number
  modifiedAt: Date
}

/** Name of the mark beside the objects. No object key has a dot, so that no listing names it. */
export const MARK = '.kura'

/** One object that was begun and never finished. */
export interface UnfinishedObject {
  key: string
  begunAt: Date
}

/** Until when, and how firmly, objects are to be kept. */
export interface ObjectLock {
  mode: 'governance' | 'compliance' | null
  until: Date | null
  legalHold: boolean
}

/** What the engine makes of a file: Multer's fields, the key and the bytes stored. */
export interface StoredFile extends Express.Multer.File {
  key: string
}

/** What the upload engine asks of a store for one file of a multipart request. */
export interface EngineOptions {
  /** The key under which the file is kept: ours, never a client's name. */
  key: (file: Express.Multer.File) => string
  /** Pipes the file through the meter; what comes out is what is stored. Destroyed → the object is abandoned. */
  meter: (file: Express.Multer.File) => Readable
}

/**
 * Where bytes are kept. Keys are `segment/segment/…` of `[A-Za-z0-9_-]`, made by us.
 * Every method rejects with `unavailable` when the store cannot be reached, and never hangs:
 * a store that says nothing is given up after its time-out.
 */
export interface ObjectStore {
  readonly kind: 'disk' | 's3'
  /** One sentence for the start-up message: where the bytes go. */
  readonly description: string
  /** Makes sure that the store answers (and, on disk, that its folders are there). */
  check(signal?: AbortSignal): Promise<void>
  /** Returns how many bytes still fit; null where the store has no such number. */
  freeBytes(): Promise<number | null>
  /** The multer storage engine that streams uploads straight into this store. */
  engine(options: EngineOptions): StorageEngine
  /**
   * Stores a buffer or a stream of any length; one of more than 52 GB needs its length `announced`, in bytes.
   * Rejects and leaves nothing when the stream fails.
   */
  put(
    key: string,
    body: Buffer | Readable,
    signal?: AbortSignal,
    announced?: number,
  ): Promise<{ size: number }>
  /**
   * Opens an object, whole or a range (an `end` past the last byte is the last byte). Rejects with
   * `ObjectMissing` when there is none, with `RangeError` when the range begins after its last byte.
   */
  open(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable>
  /**
   * Removes objects; those that are not there are no error. One that cannot be removed does not keep the
   * others: in the end it rejects with `unavailable`, caused by an `ObjectsNotRemoved` that names them.
   */
  remove(keys: readonly string[]): Promise<void>
  /** Every finished object whose key begins with `prefix`, in any order. */
  list(prefix: string): AsyncIterable<StoredObject>
  /** What is unfinished under `prefix`: multipart uploads in a bucket, temporary files on disk. */
  listUnfinished(prefix: string): AsyncIterable<UnfinishedObject>
  /**
   * Abandons what is unfinished under `prefix`.
   * Only those begun before `before`, when given. Answers how many.
   */
  abortUnfinished(prefix: string, before?: Date): Promise<number>
  /**
   * Has the store itself refuse to remove objects until the lock ends, where it can (S3 Object Lock); null lifts
   * what may be lifted. A store that cannot does nothing.
   */
  protect(keys: readonly string[], lock: ObjectLock | null): Promise<void>
  /** Returns the content of the mark, which says whose store this is; null when there is none. */
  readMark(signal?: AbortSignal): Promise<string | null>
  /**
   * Writes the mark: with `replace` over the present one, else only where there is none. Read it back: another
   * process may have been first.
   */
  writeMark(content: string, options: { replace: boolean }): Promise<void>
  /** Lets go of sockets and handles. */
  close(): Promise<void>
}

/** A document names this key, the store has no such object: an integrity fault, never the client's. */
export class ObjectMissing extends Error {
  constructor(readonly key: string) {
    super(`no object ${key}`)
    this.name = 'ObjectMissing'
  }
}

/** Some objects of a `remove` are still there; `cause` is the first refusal. */
export class ObjectsNotRemoved extends Error {
  constructor(
    readonly keys: readonly string[],
    cause: unknown,
  ) {
    super(`${keys.length} objects not removed: ${keys.slice(0, 10).join(', ')}`, { cause })
    this.name = 'ObjectsNotRemoved'
  }
}
