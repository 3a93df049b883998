import type { StoredRecord } from '../index/ordered-index.ts'
import { compileFilter } from '../query/match.ts'
import { clearScores, setScore } from '../query/score.ts'
import { type SortField, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'
import { choosePlan } from './choose.ts'
import { isSorted, type Plan, recordsOf } from './scan.ts'
import type { Turns } from './turns.ts'

export interface FindOptions {
  sort?: readonly SortField[]
  skip?: number | undefined
  /** Number of documents; 0 or undefined means no limit. */
  limit?: number | undefined
}

/** Returns the documents that match a filter, sorted. A document found by `$text` carries its score. */
export function findDocs(
  collection: Collection | undefined,
  filter: Doc,
  { sort = [], skip = 0, limit }: FindOptions = {},
): Iterable<Doc> {
  const test = compileFilter(filter, () => true)
  if (!collection) return []
  const most = limit || Number.POSITIVE_INFINITY
  const plan = choosePlan(filter, { collection, sort, wanted: { count: skip + most, test } })
  clearScores()
  const found = matches(candidates(plan, collection, sort), test)
  const ordered = isSorted(plan, sort) ? found : sortDocs(found, sort, skip + most)
  return slice(ordered, skip, most)
}

/**
 * Does the same as `findDocs` in turns. Other commands can change documents between two turns.
 *
 * @param use gets the documents; their text scores are known only while it runs
 */
export async function readDocs<T>(
  collection: Collection | undefined,
  filter: Doc,
  { sort = [], skip = 0, limit }: FindOptions,
  turns: Turns,
  use: (docs: Iterable<Doc>) => T,
): Promise<T> {
  const test = compileFilter(filter, () => true)
  if (!collection) return use([])
  const most = limit || Number.POSITIVE_INFINITY
  const plan = choosePlan(filter, { collection, sort, wanted: { count: skip + most, test } })
  const sorted = isSorted(plan, sort)
  if (plan.kind === 'text') await collection.textIndex?.build(turns)
  const found: Candidate[] = []
  let rest: Iterator<Candidate> = candidates(plan, collection, sort)[Symbol.iterator]()
  let isCopy = false
  for (let next = rest.next(); !next.done; next = rest.next()) {
    const { doc, score } = next.value
    if (test(doc)) found.push({ doc, score })
    if (sorted && found.length >= skip + most) break
    if (!turns.isOver()) continue
    // other commands can change the indexes, but not this copy
    if (!isCopy) rest = [...remaining(rest)].values()
    isCopy = true
    await turns.next()
  }
  clearScores()
  const docs = found.map(scored)
  return use(slice(sorted ? docs : sortDocs(docs, sort, skip + most), skip, most))
}

const remaining = <T>(iterator: Iterator<T>): Iterable<T> => ({ [Symbol.iterator]: () => iterator })

/** Returns the records to write that match a filter. It is an array, because writes during a scan would disturb the scan. */
export function findRecords(collection: Collection, filter: Doc, options: FindOptions = {}): StoredRecord[] {
  return [...findDocs(collection, filter, options)].flatMap((doc) => collection.byId(doc._id) ?? [])
}

/** A document that can match, and its text score if it was found by `$text`. */
interface Candidate {
  doc: Doc
  score?: number | undefined
}

function scored({ doc, score }: Candidate): Doc {
  if (score !== undefined) setScore(doc, score)
  return doc
}

/** Yields each candidate of a plan once. */
function* candidates(plan: Plan, collection: Collection, sort: readonly SortField[]): Iterable<Candidate> {
  if (plan.kind === 'text') {
    for (const [{ doc }, score] of collection.textIndex?.search(plan.search) ?? []) yield { doc, score }
    return
  }
  yield* recordsOf(plan, collection, sort)
}

function* matches(found: Iterable<Candidate>, test: (doc: Doc) => boolean): Iterable<Doc> {
  for (const candidate of found) if (test(candidate.doc)) yield scored(candidate)
}

export function* slice(docs: Iterable<Doc>, skip: number, limit: number): Iterable<Doc> {
  let position = 0
  for (const doc of docs) {
    if (position >= skip) yield doc
    position += 1
    if (position >= skip + limit) return
  }
}
