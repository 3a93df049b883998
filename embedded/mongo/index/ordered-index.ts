import { ObjectId } from 'bson'
import sortedBTree from 'sorted-btree'
import { CommandError } from '../errors.ts'
import type { Interval } from '../query/intervals.ts'
import { compileFilter, type Matcher } from '../query/match.ts'
import { type Key, type Keys, keysOf } from '../values/keys.ts'
import { encode } from '../values/order.ts'
import { reach } from '../values/path.ts'
import type { Doc } from '../values/types.ts'
import { type Condition, conditionOf, type IndexSpec } from './spec.ts'

/** Node imports this CommonJS module whole; a loader that compiles to `require` imports its default export. */
const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

const NO_KEYS: Keys = { keys: [], multikey: new Set(), present: false }

/** A stored document and its place in the collection's natural order. */
export interface StoredRecord {
  readonly id: number
  doc: Doc
}

/** Keys from one on and before another. */
export interface Stretch {
  low: string
  high: string
}

/** Greater than whatever follows a whole field in a key. */
const END = '\uffff'

/**
 * An index in order: a B+ tree whose keys are the encoded fields one after another, those that go down turned round,
 * and the number of the record: equal ones lie in the order of insertion.
 */
export class OrderedIndex {
  readonly fields: readonly string[]
  readonly directions: readonly (1 | -1)[]
  /** What a partial index demands of the documents in it, by path. */
  readonly condition: Condition
  readonly #isIn: Matcher
  readonly #paths: readonly (readonly string[])[]
  readonly #roots: readonly string[]
  readonly #multikey = new Set<number>()
  readonly #tree = new BTree<string, StoredRecord>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0))

  constructor(readonly spec: IndexSpec) {
    const { key, partialFilterExpression = {} } = spec
    this.fields = Object.keys(key)
    this.directions = Object.values(key).map((direction) => (Number(direction) < 0 ? -1 : 1))
    this.condition = conditionOf(partialFilterExpression) ?? new Map()
    this.#isIn = compileFilter(partialFilterExpression)
    this.#paths = this.fields.map((field) => field.split('.'))
    this.#roots = [...this.fields, ...this.condition.keys()].map((path) => path.split('.')[0] ?? '')
  }

  get isMultikey(): boolean {
    return this.#multikey.size > 0
  }

  /** True when some document has had an array on the way to this field. */
  isMultikeyIn(field: number): boolean {
    return this.#multikey.has(field)
  }

  /** An encoded value as it stands in the keys of this index. */
  codeOf(field: number, code: string): string {
    if (this.directions[field] === 1) return code
    return code.replace(/[\s\S]/g, (unit) => String.fromCharCode(unit.charCodeAt(0) ^ 0xffff))
  }

  #keyOf(key: Key): string {
    return key.map((code, field) => this.codeOf(field, code)).join('')
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
      for (const { id } of this.scan(this.startingWith(this.#keyOf(key)), 1))
        if (id !== self) throw duplicateKey(this.spec, doc, namespace, key)
    }
  }

  insert(record: StoredRecord): void {
    const { keys, multikey } = this.#keysOf(record.doc)
    for (const key of keys) this.#tree.set(this.#keyOf(key) + encode(record.id), record)
    for (const field of multikey) this.#multikey.add(field)
  }

  remove(record: StoredRecord): void {
    for (const key of this.#keysOf(record.doc).keys) this.#tree.delete(this.#keyOf(key) + encode(record.id))
  }

  startingWith(prefix: string): Stretch {
    return { low: prefix, high: prefix + END }
  }

  /** Where keys start with a prefix and their next field lies in a range. */
  ranging(prefix: string, field: number, { low, lowOpen, high, highOpen }: Interval): Stretch {
    const end = (code: string, after: boolean) => prefix + this.codeOf(field, code) + (after ? END : '')
    return this.directions[field] === 1
      ? { low: end(low, lowOpen), high: end(high, !highOpen) }
      : { low: end(high, highOpen), high: end(low, !lowOpen) }
  }

  /** Records of a stretch, upwards or downwards; one more than once where several of its keys lie there. */
  *scan({ low, high }: Stretch, direction: 1 | -1): Iterable<StoredRecord> {
    const entries = direction === 1 ? this.#tree.entries(low) : this.#tree.entriesReversed(high)
    for (const [key, record] of entries) {
      if (key < low || key >= high) return
      yield record
    }
  }
}

/** The error for a key that is there already, worded as MongoDB does. */
export function duplicateKey(spec: IndexSpec, doc: Doc, namespace: string, key: Key): CommandError {
  const entries = Object.keys(spec.key).map((path, i) => [path, keyedValue(doc, path, key[i])] as const)
  const shown = entries.map(([path, value]) => `${path}: ${show(value)}`)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${spec.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern: spec.key, keyValue: Object.fromEntries(entries) },
  )
}

/** The value at a path that a key was made of: of an array the one element. */
function keyedValue(doc: Doc, path: string, code: string | undefined): unknown {
  let found: unknown = null
  reach(doc, path.split('.'), 0, (value) => {
    const match = (Array.isArray(value) ? [...value, value] : [value]).find((item) => encode(item) === code)
    if (match !== undefined) found = match
    return match !== undefined
  })
  return found
}

function show(value: unknown): string {
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`
  return value instanceof Date ? `new Date(${value.getTime()})` : JSON.stringify(value)
}
