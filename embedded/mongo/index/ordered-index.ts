import sortedBTree from 'sorted-btree'
import { compileFilter, type Matcher } from '../query/match.ts'
import { type Key, type Keys, keysOf } from '../values/keys.ts'
import type { Doc } from '../values/types.ts'
import { type Condition, conditionOf } from './condition.ts'
import { duplicateKey } from './duplicate-key.ts'
import type { IndexSpec } from './spec.ts'

/** Node imports this CommonJS module whole; a loader that compiles to `require` imports its default export. */
const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

const NO_KEYS: Keys = { keys: [], multikey: new Set(), present: false }

/** A stored document and its place in the collection's natural order. */
export interface StoredRecord {
  readonly id: number
  doc: Doc
}

/** Where an entry lies: keys may be cut short to address all that begin with them. */
export interface Place {
  key: Key
  record: number
}

export interface Entry {
  place: Place
  record: StoredRecord
}

/** An index in order: a B+ tree of encoded keys, equal ones in the order of insertion. */
export class OrderedIndex {
  readonly fields: readonly string[]
  readonly directions: readonly (1 | -1)[]
  /** What a partial index demands of the documents in it, by path. */
  readonly condition: Condition
  readonly #isIn: Matcher
  readonly #paths: readonly (readonly string[])[]
  readonly #roots: readonly string[]
  readonly #multikey = new Set<number>()
  readonly #tree: InstanceType<typeof BTree<Place, StoredRecord>>

  constructor(readonly spec: IndexSpec) {
    const { key, partialFilterExpression = {} } = spec
    this.fields = Object.keys(key)
    this.directions = Object.values(key).map((direction) => (Number(direction) < 0 ? -1 : 1))
    this.condition = conditionOf(partialFilterExpression) ?? new Map()
    this.#isIn = compileFilter(partialFilterExpression)
    this.#paths = this.fields.map((field) => field.split('.'))
    this.#roots = [...this.fields, ...this.condition.keys()].map((path) => path.split('.')[0] ?? '')
    this.#tree = new BTree<Place, StoredRecord>(undefined, (a, b) => this.#order(a, b))
  }

  get isMultikey(): boolean {
    return this.#multikey.size > 0
  }

  /** True when some document has had an array on the way to this field. */
  isMultikeyIn(field: number): boolean {
    return this.#multikey.has(field)
  }

  #order(a: Place, b: Place): number {
    const shared = Math.min(a.key.length, b.key.length)
    for (let i = 0; i < shared; i += 1) {
      const left = a.key[i] as string
      const right = b.key[i] as string
      if (left !== right) return left < right === (this.directions[i] === 1) ? -1 : 1
    }
    return a.record - b.record
  }

  /** The document's keys; none when a sparse or partial index leaves it out. */
  #keysOf(doc: Doc): Keys {
    const found = this.#isIn(doc) ? keysOf(doc, this.#paths) : NO_KEYS
    return this.spec.sparse && !found.present ? NO_KEYS : found
  }

  /** True when a change cannot touch this index: all it looks at is the very same value. */
  isUntouched(before: Doc, after: Doc): boolean {
    return this.#roots.every((root) => before[root] === after[root])
  }

  /** Refuses a document that has two arrays side by side (171) or, in a unique index, a key of another one (11000). */
  check(doc: Doc, self: number, namespace: string): void {
    const { keys } = this.#keysOf(doc)
    if (!this.spec.unique) return
    for (const key of keys) {
      for (const { place, record } of this.scan({ key, record: -1 }, 1)) {
        if (!key.every((part, i) => part === place.key[i])) break
        if (record.id !== self) throw duplicateKey(this.spec, doc, namespace, key)
      }
    }
  }

  insert(record: StoredRecord): void {
    const { keys, multikey } = this.#keysOf(record.doc)
    for (const key of keys) this.#tree.set({ key, record: record.id }, record)
    for (const field of multikey) this.#multikey.add(field)
  }

  remove(record: StoredRecord): void {
    for (const key of this.#keysOf(record.doc).keys) this.#tree.delete({ key, record: record.id })
  }

  /** Entries from a place on, upwards or downwards. */
  *scan(from: Place, direction: 1 | -1): Iterable<Entry> {
    const entries = direction === 1 ? this.#tree.entries(from) : this.#tree.entriesReversed(from)
    for (const [place, record] of entries) yield { place, record }
  }
}
