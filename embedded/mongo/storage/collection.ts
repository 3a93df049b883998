import { duplicateKey, OrderedIndex, type StoredRecord } from '../index/ordered-index.ts'
import { ID_INDEX, type IndexSpec } from '../index/spec.ts'
import { TextIndex } from '../text/text-index.ts'
import { toBson, toStoredBytes } from '../values/codec.ts'
import { encode } from '../values/order.ts'
import type { Doc } from '../values/types.ts'
import type { Store } from './store.ts'

/** The part of the store that a collection uses. */
export type Records = Pick<
  Store,
  'documents' | 'admit' | 'putDocument' | 'removeDocument' | 'putCollection' | 'removeCollection'
>

/**
 * Holds the documents and indexes of one collection in memory and writes changes to the store. Every method is
 * synchronous and atomic: it throws before it changes anything.
 */
export class Collection {
  readonly #records = new Map<number, StoredRecord>()
  readonly #byId = new Map<string, StoredRecord>()
  #indexes: readonly (OrderedIndex | TextIndex)[] = []
  /** The documents in the order of their `_id`. Missing until a query needs it. */
  #inOrder: OrderedIndex | undefined
  #nextRecord = 1

  constructor(
    readonly namespace: string,
    readonly uid: number,
    readonly store: Records,
  ) {}

  /** Loads the documents of the store and builds the indexes. The documents were checked when they were written. */
  load(specs: readonly IndexSpec[]): void {
    for (const { record, doc } of this.store.documents(this.uid)) {
      this.#add({ id: record, doc })
      this.#nextRecord = record + 1
    }
    for (const spec of specs) this.#build(spec)
  }

  get size(): number {
    return this.#records.size
  }

  get name(): string {
    return this.namespace.slice(this.namespace.indexOf('.') + 1)
  }

  records(): Iterable<StoredRecord> {
    return this.#records.values()
  }

  byId(id: unknown): StoredRecord | undefined {
    return this.byCode(encode(id))
  }

  /** Returns the record with this encoded `_id`. */
  byCode(code: string): StoredRecord | undefined {
    return this.#byId.get(code)
  }

  get indexes(): OrderedIndex[] {
    return this.#indexes.filter((index) => index instanceof OrderedIndex)
  }

  /** The index of `_id`, for ranges. */
  get idIndex(): OrderedIndex {
    if (!this.#inOrder) {
      this.#inOrder = new OrderedIndex(ID_INDEX)
      for (const record of this.#records.values()) this.#inOrder.insert(record)
    }
    return this.#inOrder
  }

  get textIndex(): TextIndex | undefined {
    return this.#indexes.find((index) => index instanceof TextIndex)
  }

  get specs(): IndexSpec[] {
    return [ID_INDEX, ...this.#indexes.map(({ spec }) => spec)]
  }

  /**
   * Adds a document and moves its `_id` to the front.
   *
   * @throws 11000 for a duplicate key, 14031 when the disk is full
   */
  insert(given: Doc): StoredRecord {
    const doc = Object.keys(given)[0] === '_id' ? given : { _id: given._id, ...given }
    const bytes = toStoredBytes(doc)
    const id = encode(doc._id)
    if (this.#byId.has(id)) throw duplicateKey(ID_INDEX, doc, this.namespace, [id])
    for (const index of this.#indexes) index.check(doc, 0, this.namespace)
    this.store.admit('insert', () => bytes.length)
    const record = { id: this.#nextRecord, doc }
    this.#nextRecord += 1
    this.#add(record)
    for (const index of this.#indexes) index.insert(record)
    this.store.putDocument(this.uid, record.id, bytes)
    return record
  }

  /** Replaces the document of a record by one with the same `_id`. @throws 14031 when the disk is full and it grows */
  replace(record: StoredRecord, doc: Doc): void {
    const bytes = toStoredBytes(doc)
    const touched = this.#indexes.filter((index) => !index.isUntouched(record.doc, doc))
    for (const index of touched) index.check(doc, record.id, this.namespace)
    this.store.admit('update', () => bytes.length - toBson(record.doc).length)
    for (const index of touched) index.remove(record)
    record.doc = doc
    for (const index of touched) index.insert(record)
    this.store.putDocument(this.uid, record.id, bytes)
  }

  remove(record: StoredRecord): void {
    this.#records.delete(record.id)
    this.#byId.delete(encode(record.doc._id))
    this.#inOrder?.remove(record)
    for (const index of this.#indexes) index.remove(record)
    this.store.removeDocument(this.uid, record.id)
  }

  /** Builds an index over all documents. Adds nothing if a document violates it. */
  addIndex(spec: IndexSpec): void {
    this.#build(spec)
    this.save()
  }

  dropIndex(name: string): void {
    this.#indexes = this.#indexes.filter(({ spec }) => spec.name !== name)
    this.save()
  }

  /** Deletes the collection and its documents from the store. */
  clear(): void {
    for (const id of this.#records.keys()) this.store.removeDocument(this.uid, id)
    this.store.removeCollection(this.namespace)
  }

  /** Stores the catalog entry of the collection. */
  save(): void {
    this.store.putCollection(this.namespace, {
      uid: this.uid,
      indexes: this.specs.map((spec) => ({ ...spec })),
    })
  }

  #add(record: StoredRecord): void {
    this.#records.set(record.id, record)
    this.#byId.set(encode(record.doc._id), record)
    this.#inOrder?.insert(record)
  }

  #build(spec: IndexSpec): void {
    if (spec.name === ID_INDEX.name) return
    const index = spec.weights ? new TextIndex(spec, this.#records) : new OrderedIndex(spec)
    for (const record of this.#records.values()) {
      index.check(record.doc, record.id, this.namespace)
      index.insert(record)
    }
    this.#indexes = [...this.#indexes, index]
  }
}
