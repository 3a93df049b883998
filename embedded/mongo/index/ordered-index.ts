import { ObjectId } from 'bson'
import { CommandError } from '../errors.ts'
import type { Interval } from '../query/intervals.ts'
import { compileFilter, type Matcher } from '../query/match.ts'
import { type Key, type Keys, keysOf } from '../values/keys.ts'
import { encode } from '../values/order.ts'
import { visitPath } from '../values/path.ts'
import type { Doc } from '../values/types.ts'
import { BTree, compareTexts, SortedEntries } from './sorted-entries.ts'
import { type IndexSpec, type PartialFilter, parsePartialFilter } from './spec.ts'

const NO_KEYS: Keys = { keys: [], multikey: new Set(), present: false }

/** A stored document and its number in the collection's natural order. */
export interface StoredRecord {
  readonly id: number
  doc: Doc
}

/** Range of index keys. */
export interface KeyRange {
  /** Inclusive. */
  low: string
  /** Exclusive. */
  high: string
}

/** Sorts after every continuation of a key. */
const END = '\uffff'

/**
 * A sorted index. A key is the encoded values of the fields (inverted for descending fields), then the record number, so
 * that equal values stay in insertion order.
 *
 * The head of a key is the values of all fields up to the last one with arrays; it is empty in an index without arrays.
 * A tree of the heads has, for each head, its keys without the head. The keys of one document, one for each element of an
 * array, differ in the head only and share the text of the rest. No head is the beginning of another one, because each
 * encoded value marks its end.
 */
export class OrderedIndex {
  readonly fields: readonly string[]
  readonly directions: readonly (1 | -1)[]
  /** Condition of a partial index; empty for other indexes. */
  readonly condition: PartialFilter
  readonly #isIn: Matcher
  readonly #paths: readonly (readonly string[])[]
  readonly #roots: readonly string[]
  readonly #multikey = new Set<number>()
  readonly #heads = new BTree<string, SortedEntries<StoredRecord>>(undefined, compareTexts)
  /** Number of fields of a head. */
  #headFields = 0

  constructor(readonly spec: IndexSpec) {
    const { key, partialFilterExpression = {} } = spec
    this.fields = Object.keys(key)
    this.directions = Object.values(key).map((direction) => (Number(direction) < 0 ? -1 : 1))
    this.condition = parsePartialFilter(partialFilterExpression) ?? new Map()
    this.#isIn = compileFilter(partialFilterExpression)
    this.#paths = this.fields.map((field) => field.split('.'))
    this.#roots = [...this.fields, ...this.condition.keys()].map((path) => path.split('.')[0] ?? '')
  }

  get isMultikey(): boolean {
    return this.#multikey.size > 0
  }

  /** Returns whether any document has had an array on the path of this field. */
  isMultikeyIn(field: number): boolean {
    return this.#multikey.has(field)
  }

  /** Converts an encoded value to its form in the keys of this index. */
  codeOf(field: number, code: string): string {
    if (this.directions[field] === 1) return code
    return code.replace(/[\s\S]/g, (unit) => String.fromCharCode(unit.charCodeAt(0) ^ 0xffff))
  }

  #keyOf(key: Key): string {
    return key.map((code, field) => this.codeOf(field, code)).join('')
  }

  /** Returns the keys of a document; none if a sparse or partial index excludes the document. */
  #keysOf(doc: Doc): Keys {
    const found = this.#isIn(doc) ? keysOf(doc, this.#paths) : NO_KEYS
    return this.spec.sparse && !found.present ? NO_KEYS : found
  }

  /** Returns whether a change leaves this index as it is: all values that it reads are identical (`===`). */
  isUntouched(before: Doc, after: Doc): boolean {
    return this.#roots.every((root) => before[root] === after[root])
  }

  /**
   * Checks whether a document can be added.
   *
   * @throws 171 for two parallel arrays
   * @throws 11000 for a duplicate key of a unique index
   */
  check(doc: Doc, self: number, namespace: string): void {
    const { keys } = this.#keysOf(doc)
    if (!this.spec.unique) return
    for (const key of keys) {
      for (const { id } of this.scan(this.prefixRange(this.#keyOf(key)), 1))
        if (id !== self) throw duplicateKey(this.spec, doc, namespace, key)
    }
  }

  insert(record: StoredRecord): void {
    const { keys, multikey } = this.#keysOf(record.doc)
    for (const field of multikey) this.#addMultikey(field)
    for (const { head, rest } of this.#entriesOf(keys, record.id)) {
      const entries = this.#heads.get(head)
      if (entries) entries.set(rest, record)
      else this.#heads.set(head, new SortedEntries(rest, record))
    }
  }

  remove(record: StoredRecord): void {
    for (const { head, rest } of this.#entriesOf(this.#keysOf(record.doc).keys, record.id)) {
      const entries = this.#heads.get(head)
      entries?.delete(rest)
      if (entries?.isEmpty) this.#heads.delete(head)
    }
  }

  /** Returns the head and the rest of each key. Equal rests are one text, to save memory. */
  #entriesOf(keys: readonly Key[], id: number): { head: string; rest: string }[] {
    const rests = new Map<string, string>()
    return keys.map((key) => {
      const codes = key.map((code, field) => this.codeOf(field, code))
      const rest = [...codes.slice(this.#headFields), encode(id)].join('')
      const shared = rests.get(rest) ?? rest
      rests.set(rest, shared)
      return { head: codes.slice(0, this.#headFields).join(''), rest: shared }
    })
  }

  /** Records that a field has arrays. If the heads have to contain it, builds the tree again. */
  #addMultikey(field: number): void {
    this.#multikey.add(field)
    if (field < this.#headFields) return
    this.#headFields = field + 1
    const records = new Set(
      [...this.#heads.values()].flatMap((entries) => [...entries.scan('', undefined, 1)]),
    )
    this.#heads.clear()
    for (const record of records) this.insert(record)
  }

  /** Returns the range of keys that start with a prefix. */
  prefixRange(prefix: string): KeyRange {
    return { low: prefix, high: prefix + END }
  }

  /** Returns the range of keys that start with a prefix and whose next field is in an interval. */
  intervalRange(prefix: string, field: number, { low, lowOpen, high, highOpen }: Interval): KeyRange {
    const end = (code: string, after: boolean) => prefix + this.codeOf(field, code) + (after ? END : '')
    return this.directions[field] === 1
      ? { low: end(low, lowOpen), high: end(high, !highOpen) }
      : { low: end(high, highOpen), high: end(low, !lowOpen) }
  }

  /** Yields the records of a key range, ascending or descending. Yields a record once for each of its keys in the range. */
  scan({ low, high }: KeyRange, direction: 1 | -1): Iterable<StoredRecord> {
    const [first, last] = [this.#headIn(low), this.#headIn(high)]
    const entries = first === last && first !== undefined ? this.#heads.get(first) : undefined
    if (!entries || first === undefined) return this.#scanHeads({ low, high }, { first, last }, direction)
    return entries.scan(low.slice(first.length), high.slice(first.length), direction)
  }

  /** Returns the head with which a key begins, if the index has it. */
  #headIn(key: string): string | undefined {
    const [head] = this.#heads.getPairOrNextLower(key) ?? []
    return head !== undefined && key.startsWith(head) ? head : undefined
  }

  /** Scans a range that begins in the head `first` and ends in the head `last`; undefined: between two heads. */
  *#scanHeads(
    { low, high }: KeyRange,
    { first, last }: { first: string | undefined; last: string | undefined },
    direction: 1 | -1,
  ): Iterable<StoredRecord> {
    const heads =
      direction === 1 ? this.#heads.entries(first ?? low) : this.#heads.entriesReversed(last ?? high)
    for (const [head, entries] of heads) {
      if (direction === 1 ? head > high : head < low && head !== first) return
      const from = head === first ? low.slice(head.length) : ''
      yield* entries.scan(from, head === last ? high.slice(head.length) : undefined, direction)
    }
  }
}

/** Creates the error for a duplicate key, with MongoDB's message. */
export function duplicateKey(spec: IndexSpec, doc: Doc, namespace: string, key: Key): CommandError {
  const entries = Object.keys(spec.key).map((path, i) => [path, indexedValue(doc, path, key[i])] as const)
  const shown = entries.map(([path, value]) => `${path}: ${show(value)}`)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${spec.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern: spec.key, keyValue: Object.fromEntries(entries) },
  )
}

/** Returns the value at a path that a key was made from; for an array, the matching element. */
function indexedValue(doc: Doc, path: string, code: string | undefined): unknown {
  let found: unknown = null
  visitPath(doc, path.split('.'), 0, (value) => {
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
