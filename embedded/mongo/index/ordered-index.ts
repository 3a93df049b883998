import { ObjectId } from 'bson'
import sortedBTree from 'sorted-btree'
import { CommandError } from '../errors.ts'
import { compileFilter, type Matcher } from '../query/match.ts'
import { encode } from '../values/encode.ts'
import { reach } from '../values/path.ts'
import type { Doc } from '../values/types.ts'
import { type Key, type Keys, keysOf } from './keys.ts'
import type { IndexSpec } from './spec.ts'

/** Node imports this CommonJS module whole; a loader that compiles to `require` imports its default export. */
const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

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

/** An index in order: a B+ tree of encoded keys, equal ones in the order of insertion. */
export class OrderedIndex {
  readonly fields: readonly string[]
  readonly directions: readonly (1 | -1)[]
  readonly #paths: readonly (readonly string[])[]
  readonly #roots: readonly string[]
  readonly #partial: Matcher | undefined
  readonly #multikey = new Set<number>()
  readonly #tree: InstanceType<typeof BTree<Place, StoredRecord>>

  constructor(readonly spec: IndexSpec) {
    this.fields = Object.keys(spec.key)
    this.directions = Object.values(spec.key).map((direction) => (Number(direction) < 0 ? -1 : 1))
    this.#paths = this.fields.map((field) => field.split('.'))
    this.#partial = spec.partialFilterExpression && compileFilter(spec.partialFilterExpression)
    const tested = Object.keys(spec.partialFilterExpression ?? {})
    this.#roots = [...this.fields, ...tested].map((path) => path.split('.')[0] ?? '')
    this.#tree = new BTree<Place, StoredRecord>(undefined, (a, b) => this.#order(a, b))
  }

  get isMultikey(): boolean {
    return this.#multikey.size > 0
  }

  /** True when some document has had an array on the way to this field. */
  isMultikeyIn(field: number): boolean {
    return this.#multikey.has(field)
  }

  get size(): number {
    return this.#tree.size
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
  keysFor(doc: Doc): readonly Key[] {
    return this.#keysFor(doc)?.keys ?? []
  }

  #keysFor(doc: Doc): Keys | undefined {
    if (this.#partial && !this.#partial(doc)) return undefined
    const found = keysOf(doc, this.#paths)
    return this.spec.sparse && !found.present ? undefined : found
  }

  /** True when a change cannot touch this index: all it looks at is the very same value. */
  isUntouched(before: Doc, after: Doc): boolean {
    return this.#roots.every((root) => before[root] === after[root])
  }

  /** Refuses (11000) a document whose key another one has, in a unique index. */
  checkUnique(doc: Doc, self: number, namespace: string): void {
    if (!this.spec.unique) return
    for (const key of this.keysFor(doc)) {
      for (const record of this.scan({ key, record: -1 }, 1)) {
        if (!this.#startsWith(record.place.key, key)) break
        if (record.record.id !== self) throw duplicateKey(this.spec, doc, namespace, key)
      }
    }
  }

  #startsWith(key: Key, prefix: Key): boolean {
    return prefix.every((part, i) => part === key[i])
  }

  insert(record: StoredRecord): void {
    const found = this.#keysFor(record.doc)
    if (!found) return
    for (const key of found.keys) this.#tree.set({ key, record: record.id }, record)
    for (const field of found.multikey) this.#multikey.add(field)
  }

  remove(record: StoredRecord): void {
    for (const key of this.keysFor(record.doc)) this.#tree.delete({ key, record: record.id })
  }

  /** Entries from a place on, upwards or downwards. */
  *scan(from: Place | undefined, direction: 1 | -1): Iterable<{ place: Place; record: StoredRecord }> {
    const entries = direction === 1 ? this.#tree.entries(from) : this.#tree.entriesReversed(from)
    for (const [place, record] of entries) yield { place, record }
  }
}

/** The error for a key that is there already, worded as MongoDB does. */
export function duplicateKey(spec: IndexSpec, doc: Doc, namespace: string, key: Key): CommandError {
  const keyValue: Doc = {}
  for (const [i, field] of Object.keys(spec.key).entries()) keyValue[field] = keyedValue(doc, field, key[i])
  const shown = Object.entries(keyValue).map(([field, value]) => `${field}: ${show(value)}`)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${spec.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern: spec.key, keyValue },
  )
}

/** The value at a path that a key was made of: of an array the one element. */
function keyedValue(doc: Doc, path: string, code: string | undefined): unknown {
  let found: unknown = null
  reach(doc, path.split('.'), 0, (value) => {
    const candidates = Array.isArray(value) ? [...value, value] : [value]
    const match = candidates.find((candidate) => encode(candidate ?? null) === code)
    if (match !== undefined) found = match
    return match !== undefined
  })
  return found
}

function show(value: unknown): string {
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`
  if (value instanceof Date) return `new Date(${value.getTime()})`
  return JSON.stringify(value)
}
