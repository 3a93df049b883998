import type { Entry, OrderedIndex, StoredRecord } from '../index/ordered-index.ts'
import type { Collection } from '../storage/collection.ts'
import type { Plan } from './choose.ts'
import type { IndexPlan, Segment } from './index-plan.ts'

/** The candidates of a plan, each once. Text is not among them: its candidates carry scores. */
export function* scanPlan(
  plan: Exclude<Plan, { kind: 'text' }>,
  collection: Collection,
): Iterable<StoredRecord> {
  if (plan.kind === 'all') yield* collection.records()
  else if (plan.kind === 'index') yield* scanIndex(plan)
  else {
    for (const code of plan.codes) {
      const record = collection.byCode(code)
      if (record) yield record
    }
  }
}

function* scanIndex({ index, segments, direction }: IndexPlan): Iterable<StoredRecord> {
  const seen = new Set<number>()
  for (const segment of segments) {
    for (const { record } of scanSegment(index, segment, direction)) {
      if (seen.has(record.id)) continue
      if (index.isMultikey) seen.add(record.id)
      yield record
    }
  }
}

/** All entries of one stretch, in the index's order or against it. */
function* scanSegment(index: OrderedIndex, { prefix, range }: Segment, direction: 1 | -1): Iterable<Entry> {
  const field = prefix.length
  const upwards = index.directions[field] === direction
  const [start, startOpen] = upwards ? [range?.low, range?.lowOpen] : [range?.high, range?.highOpen]
  const key = start === undefined ? prefix : [...prefix, start]
  // A place before or after all records of the same key, whichever way the scan goes.
  const record = (startOpen === true) === (direction === 1) ? Number.POSITIVE_INFINITY : -1
  for (const entry of index.scan({ key, record }, direction)) {
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
