import type { OrderedIndex, Place, StoredRecord } from '../index/ordered-index.ts'
import type { Collection } from '../storage/collection.ts'
import type { IndexPlan, Plan, Segment } from './plan.ts'

interface Entry {
  place: Place
  record: StoredRecord
}

/** The candidates of a plan, each once. Text is not among them: its candidates carry scores. */
export function* scanPlan(
  plan: Exclude<Plan, { kind: 'text' }>,
  collection: Collection,
): Iterable<StoredRecord> {
  switch (plan.kind) {
    case 'none':
      return
    case 'all':
      yield* collection.records()
      return
    case 'ids':
      for (const id of plan.ids) {
        const record = collection.byId(id)
        if (record) yield record
      }
      return
    case 'index': {
      const entries = scanIndex(plan)
      yield* plan.index.isMultikey ? distinct(entries) : recordsOf(entries)
      return
    }
    case 'union':
      yield* distinct(
        plan.sorted
          ? merge(
              plan.plans.map((part) => part),
              ordering(plan.plans),
            )
          : chain(plan.plans),
      )
  }
}

function* recordsOf(entries: Iterable<Entry>): Iterable<StoredRecord> {
  for (const { record } of entries) yield record
}

function* distinct(entries: Iterable<Entry>): Iterable<StoredRecord> {
  const seen = new Set<number>()
  for (const { record } of entries) {
    if (seen.has(record.id)) continue
    seen.add(record.id)
    yield record
  }
}

function* chain(plans: readonly IndexPlan[]): Iterable<Entry> {
  for (const plan of plans) yield* scanIndex(plan)
}

function scanIndex(plan: IndexPlan): Iterable<Entry> {
  const { index, segments, direction, sorted } = plan
  if (segments.length === 1 && segments[0]) return scanSegment(index, segments[0], direction)
  if (!sorted) return segmentsInTurn(plan)
  const parts = segments.map((segment) => scanSegment(index, segment, direction))
  return mergeEntries(parts.map((entries) => ({ entries, plan })))
}

function* segmentsInTurn({ index, segments, direction }: IndexPlan): Iterable<Entry> {
  for (const segment of segments) yield* scanSegment(index, segment, direction)
}

/** All entries of one stretch, in the index's order or against it. */
function* scanSegment(index: OrderedIndex, { prefix, range }: Segment, direction: 1 | -1): Iterable<Entry> {
  const field = prefix.length
  const upwards = index.directions[field] === direction
  const start = range && (upwards ? range.low : range.high)
  const startOpen = range && (upwards ? range.lowOpen : range.highOpen)
  const key = start === undefined ? prefix : [...prefix, start]
  const skipsStart = startOpen === true
  const before = direction === 1 ? -1 : Number.POSITIVE_INFINITY
  const after = direction === 1 ? Number.POSITIVE_INFINITY : -1
  const from = key.length === 0 ? undefined : { key, record: skipsStart ? after : before }
  for (const entry of index.scan(from, direction)) {
    const found = entry.place.key
    if (prefix.some((part, i) => part !== found[i])) return
    if (range && isPast(found[field] ?? '', range, upwards)) return
    yield entry
  }
}

function isPast(value: string, range: NonNullable<Segment['range']>, upwards: boolean): boolean {
  if (upwards) return value > range.high || (value === range.high && range.highOpen)
  return value < range.low || (value === range.low && range.lowOpen)
}

interface Source {
  entries: Iterable<Entry>
  plan: IndexPlan
}

const merge = (plans: readonly IndexPlan[], width: number) =>
  mergeEntries(
    plans.map((plan) => ({ entries: scanIndex(plan), plan })),
    width,
  )

/** How many fields the order has that all the plans share. */
const ordering = (plans: readonly IndexPlan[]) =>
  Math.min(...plans.map(({ index, sortedFrom }) => index.fields.length - sortedFrom))

/** Several ordered streams as one: the next entry is the first among their heads. */
function* mergeEntries(sources: readonly Source[], width = Number.POSITIVE_INFINITY): Iterable<Entry> {
  const streams = sources.map(({ entries, plan }) => ({ iterator: entries[Symbol.iterator](), plan }))
  const heads = streams.map(({ iterator, plan }) => ({ next: iterator.next(), iterator, plan }))
  for (;;) {
    let first: (typeof heads)[number] | undefined
    for (const head of heads) {
      if (!head.next.done && (!first || precedes(head, first, width))) first = head
    }
    if (!first || first.next.done) return
    yield first.next.value
    first.next = first.iterator.next()
  }
}

interface Head {
  next: IteratorResult<Entry>
  plan: IndexPlan
}

function precedes(a: Head, b: Head, width: number): boolean {
  if (a.next.done || b.next.done) return !a.next.done
  const left = a.next.value.place
  const right = b.next.value.place
  const fields = Math.min(width, left.key.length - a.plan.sortedFrom)
  for (let i = 0; i < fields; i += 1) {
    const x = left.key[a.plan.sortedFrom + i] ?? ''
    const y = right.key[b.plan.sortedFrom + i] ?? ''
    if (x !== y)
      return x < y === ((a.plan.index.directions[a.plan.sortedFrom + i] ?? 1) * a.plan.direction === 1)
  }
  return left.record < right.record
}

/** How many candidates a plan has, counted no further than `most`. */
export function countUpTo(plan: Plan, collection: Collection, most: number): number {
  if (plan.kind === 'text') return most
  let count = 0
  for (const _ of scanPlan(plan, collection)) {
    count += 1
    if (count >= most) break
  }
  return count
}
