import { CommandError } from '../errors.ts'
import { duplicateKey, OrderedIndex, type StoredRecord } from '../index/ordered-index.ts'
import { ID_INDEX, type IndexSpec } from '../index/spec.ts'
import { TextIndex } from '../text/text-index.ts'
import { toStoredBytes } from '../values/codec.ts'
import { encode } from '../values/encode.ts'
import { type Doc, isRegex } from '../values/types.ts'
import type { Store } from './store.ts'

/** What a collection needs of the store. */
export type Records = Pick<
  Store,
  'documents' | 'putDocument' | 'removeDocument' | 'putCollection' | 'removeCollection'
>

/**
 * Documents of one collection in memory, their indexes, and the writes to the store. Every method is one
 * synchronous step that either happens whole or throws and changes nothing.
 */
export class Collection {
  readonly #records = new Map<number, StoredRecord>()
  readonly #byId = new Map<string, StoredRecord>()
  #ordered: OrderedIndex[] = []
  #text: TextIndex | undefined
  #idIndex: OrderedIndex | undefined
  #nextRecord = 1

  constructor(
    readonly namespace: string,
    readonly uid: number,
    readonly store: Records,
  ) {}

  /** Takes over what the store has; the documents were checked when they were written. */
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
    return this.#byId.get(encode(id))
  }

  get indexes(): readonly OrderedIndex[] {
    return this.#ordered
  }

  /** The order of `_id`, kept from the first time it is asked for: most collections need only the hash. */
  get idIndex(): OrderedIndex {
    if (!this.#idIndex) {
      this.#idIndex = new OrderedIndex(ID_INDEX)
      for (const record of this.#records.values()) this.#idIndex.insert(record)
    }
    return this.#idIndex
  }

  get textIndex(): TextIndex | undefined {
    return this.#text
  }

  get specs(): IndexSpec[] {
    const text = this.#text ? [this.#text.spec] : []
    return [ID_INDEX, ...this.#ordered.map(({ spec }) => spec), ...text]
  }

  /** Adds a document, `_id` first; refuses a key that is there (11000). */
  insert(given: Doc): StoredRecord {
    const doc = Object.keys(given)[0] === '_id' ? given : { _id: given._id, ...given }
    checkId(doc._id)
    const bytes = toStoredBytes(doc)
    const id = encode(doc._id)
    if (this.#byId.has(id)) throw duplicateKey(ID_INDEX, doc, this.namespace, [id])
    this.#check(doc, 0)
    const record = { id: this.#nextRecord, doc }
    this.#nextRecord += 1
    this.#add(record)
    for (const index of this.#ordered) index.insert(record)
    this.#text?.insert(record)
    this.store.putDocument(this.uid, record.id, bytes)
    return record
  }

  /** Puts another document in the place of a record's; the `_id` is the same. */
  replace(record: StoredRecord, doc: Doc): void {
    const bytes = toStoredBytes(doc)
    const touched = this.#ordered.filter((index) => !index.isUntouched(record.doc, doc))
    for (const index of touched) index.checkUnique(doc, record.id, this.namespace)
    for (const index of touched) index.keysFor(doc)
    this.#text?.check(doc)
    for (const index of touched) index.remove(record)
    this.#text?.remove(record)
    record.doc = doc
    for (const index of touched) index.insert(record)
    this.#text?.insert(record)
    this.store.putDocument(this.uid, record.id, bytes)
  }

  remove(record: StoredRecord): void {
    this.#records.delete(record.id)
    this.#byId.delete(encode(record.doc._id))
    this.#idIndex?.remove(record)
    for (const index of this.#ordered) index.remove(record)
    this.#text?.remove(record)
    this.store.removeDocument(this.uid, record.id)
  }

  /** Builds an index over what is there; leaves nothing when a document does not fit. */
  addIndex(spec: IndexSpec): void {
    this.#build(spec)
    this.#save()
  }

  dropIndex(name: string): void {
    this.#ordered = this.#ordered.filter(({ spec }) => spec.name !== name)
    if (this.#text?.spec.name === name) this.#text = undefined
    this.#save()
  }

  /** Forgets all documents here and in the store. */
  clear(): void {
    for (const id of this.#records.keys()) this.store.removeDocument(this.uid, id)
    this.store.removeCollection(this.namespace)
  }

  create(): void {
    this.#save()
  }

  #save(): void {
    this.store.putCollection(this.namespace, {
      uid: this.uid,
      indexes: this.specs.map((spec) => ({ ...spec })),
    })
  }

  #add(record: StoredRecord): void {
    this.#records.set(record.id, record)
    this.#byId.set(encode(record.doc._id), record)
    this.#idIndex?.insert(record)
  }

  #check(doc: Doc, self: number): void {
    for (const index of this.#ordered) {
      index.keysFor(doc)
      index.checkUnique(doc, self, this.namespace)
    }
    this.#text?.check(doc)
  }

  #build(spec: IndexSpec): void {
    if (spec.name === ID_INDEX.name) return
    if (spec.weights) {
      const text = new TextIndex(spec)
      for (const { doc } of this.#records.values()) text.check(doc)
      text.attach(this.#records)
      this.#text = text
      return
    }
    const index = new OrderedIndex(spec)
    for (const record of this.#records.values()) {
      index.checkUnique(record.doc, record.id, this.namespace)
      index.insert(record)
    }
    this.#ordered = [...this.#ordered, index]
  }
}

function checkId(id: unknown): void {
  if (Array.isArray(id) || isRegex(id) || id === undefined) {
    throw new CommandError(53, `The '_id' value cannot be of type ${Array.isArray(id) ? 'array' : 'regex'}`)
  }
}
