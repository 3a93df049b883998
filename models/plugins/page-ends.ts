import type { Order, Position } from './page.ts'
import { Remembered } from './remembered.ts'

/** A filter of one field that bounds the range of an index. */
export type Bound = Record<string, { $gte?: unknown; $lte?: unknown }>

export interface AskedPage {
  /** Identifies the filter, order, beginning and length of the page. */
  name: string
  order: Order
  /** Where the page before ended; undefined: this is the first one. */
  after: Position | undefined
  /** Number of documents of a full page. */
  count: number
  /** Whether the page is probably full, so that its end is worth a guess. */
  isFull: boolean
}

/** What is known of the documents without reading a page. */
export interface Documents {
  /** Returns whether they are so many that a guess saves more than the query that it costs. */
  areMany(): Promise<boolean>
  /** Returns a field of some documents, for orders in which no page was read. */
  sample(field: string): Promise<unknown[]>
}

/** Where lists of an order begin, and how far a document is from the next one, in the unit of the field. */
interface Reach {
  start: number
  step: number
  isDate: boolean
  /** When it was learned, by `performance.now()`. */
  since: number
}

/** Documents of the densest list in a range that is guessed, for each one of the page. */
const GUESSED = 16
/** Documents of a sample in such ranges, when no page of this order was read. */
const SAMPLED = [2, 16]
/** Most ranges that are guessed for a page. */
const MAX_GUESSES = 2
/** Time after which the process learns again how dense the lists are, in milliseconds. */
const LEARN_AGAIN_MS = 600_000
/** The last time that a date can have, in milliseconds. */
const MAX_DATE_MS = 8.64e15
/** The end of a page that was not full. */
const NOT_FULL = Symbol('not full')

/**
 * Remembers where pages ended, so that reading the same page again examines only about as many documents as the page
 * holds. Some engines cannot read an index in the order of a sort: they would read and sort every matching document.
 * Of a page that was not read before, it guesses the end from the pages of other filters.
 *
 * An end is only a hint. A document between the beginning and the end is on the page, so a full page within the end is
 * the right one, also after new documents were stored. When documents were deleted or moved behind the end, the page is
 * not full, and it is read again without the hint.
 */
export class PageEnds {
  readonly #ends = new Remembered<unknown>()
  readonly #reaches = new Map<string, Reach>()
  /** Some values of a field, in the sequence of the order. */
  readonly #samples = new Map<string, unknown[]>()

  constructor(private readonly documents: Documents) {}

  /**
   * Reads a page.
   *
   * @param find reads the first `count` documents in this order that match the bound too
   */
  async read<T extends object>(page: AskedPage, find: (bound: Bound) => Promise<T[]>): Promise<T[]> {
    const { name, order, count } = page
    const end = this.#ends.get(name)
    let found: T[] = []
    if (end === undefined && page.isFull) found = await this.#guess(page, find)
    else if (end !== undefined && end !== NOT_FULL) found = await find(boundOf(order, end))
    if (found.length < count) found = await find({})
    this.#ends.set(name, found.length < count ? NOT_FULL : found.at(-1)?.[order.field as keyof T])
    if (found.length === count) this.#learn(page, found)
    return found
  }

  /**
   * Returns a bound of the first documents of an order: about `count` of the densest list, fewer of others. Undefined when
   * there are few documents, or no full page of this order was read.
   */
  async boundOfFirst(order: Order, count: number): Promise<Bound | undefined> {
    const reach = this.#reaches.get(nameOf(order))
    return reach && (await this.documents.areMany()) ? boundAt(order, reach, reach.start, count) : undefined
  }

  /** Reads a page in ranges that probably contain it. Returns fewer documents if they do not. */
  async #guess<T>({ order, after, count }: AskedPage, find: (bound: Bound) => Promise<T[]>): Promise<T[]> {
    if (!(await this.documents.areMany())) return []
    const reach = this.#reaches.get(nameOf(order))
    const start = after ? numberOf(after[0]) : reach?.start
    if (!reach || start === undefined) {
      for (const end of await this.#endsOfSample(order, after, count)) {
        const found = await find(boundOf(order, end))
        if (found.length === count) return found
      }
      return []
    }
    let documents = GUESSED * count
    for (let guess = 0; guess < MAX_GUESSES; guess++) {
      const found = await find(boundAt(order, reach, start, documents))
      if (found.length === count) return found
      // an index without sort reads a list with so few documents fast
      if (found.length === 0) break
      documents *= (2 * count) / found.length
    }
    return []
  }

  /** Returns the values of a sample before which, and after a position, there are probably enough documents. */
  async #endsOfSample(order: Order, after: Position | undefined, count: number): Promise<unknown[]> {
    const compare = comparisonOf(order)
    let values = this.#samples.get(nameOf(order))
    if (!values) {
      values = (await this.documents.sample(order.field)).sort(compare)
      this.#samples.set(nameOf(order), values)
    }
    const later = after ? values.filter((value) => compare(value, after[0]) > 0) : values
    return SAMPLED.flatMap((times) => later[times * count] ?? [])
  }

  #learn<T extends object>({ order, after, count }: AskedPage, found: T[]): void {
    const values = [found[0], found.at(-1)].map((one) => one?.[order.field as keyof T])
    const [first, last] = values.map(numberOf)
    if (first === undefined || last === undefined) return
    const before = this.#reaches.get(nameOf(order))
    const now = performance.now()
    const known = before && (after || now - before.since < LEARN_AGAIN_MS) ? before : undefined
    const step = Math.abs(last - first) / Math.max(1, count - 1)
    this.#reaches.set(nameOf(order), {
      start: known ? firstOf(order, known.start, after ? known.start : first) : first,
      step: Math.min(step, known?.step ?? step),
      isDate: values[0] instanceof Date,
      since: known?.since ?? now,
    })
  }
}

/** Returns which of two values comes first in an order. */
const firstOf = ({ direction }: Order, a: number, b: number) =>
  direction === 1 ? Math.min(a, b) : Math.max(a, b)

const nameOf = ({ field, direction }: Order) => `${field} ${direction}`

/** Returns a comparison of values of one type. */
const comparisonOf =
  ({ direction }: Order) =>
  (a: unknown, b: unknown): number =>
    (a as number) < (b as number) ? -direction : (a as number) > (b as number) ? direction : 0

const boundOf = ({ field, direction }: Order, end: unknown): Bound => ({
  [field]: direction === 1 ? { $lte: end } : { $gte: end },
})

function boundAt(order: Order, { step, isDate }: Reach, start: number, documents: number): Bound {
  const end = start + order.direction * step * documents
  return boundOf(order, isDate ? new Date(Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, end))) : end)
}

/** Returns a value of a field as a number; undefined if differences of its values mean nothing. */
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' || value instanceof Date ? Number(value) : undefined
