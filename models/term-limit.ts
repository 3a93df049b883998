import { type NewTerm, Term } from './term.ts'

/** Most words of the assets of an owner that searches find by a part. Words beyond that are found whole only. */
export const MAX_TERMS = 100_000
/** Most words of an owner that are stored at once, and between two counts: by so many each process can pass the limit. */
const MAX_UNCOUNTED = 2000
/** Time after which the words of an owner are counted again, because words without assets were removed, in milliseconds. */
const COUNT_MS = 600_000
/** Most owners whose number of words is remembered. */
const MAX_OWNERS = 1000

let maxTerms = MAX_TERMS

/** Sets the most words of an owner, for tests. */
export function setMaxTerms(value: number): void {
  maxTerms = value
}

interface Counted {
  count: number
  /** How many of them were stored since they were counted. */
  since: number
  countedAt: number
}

const counts = new Map<string, Counted>()
let leftOut = 0

/** Returns how often this process left out a word because its owner has the most words. */
export const leftOutTerms = (): number => leftOut

/**
 * Stores words of an owner until the owner has `MAX_TERMS`. The words are counted where they are stored, so nothing else
 * has to agree with them, and removed words give back their room.
 *
 * @returns the words that are stored
 */
export async function storeWithinLimit(owner: string, terms: readonly NewTerm[]): Promise<NewTerm[]> {
  const stored: NewTerm[] = []
  for (let at = 0; at < terms.length; at += MAX_UNCOUNTED) {
    const some = terms.slice(at, at + MAX_UNCOUNTED)
    const counted = await countOf(owner)
    const fitting = await fittingOf(owner, some, maxTerms - counted.count)
    const added = await Term.addAll(fitting)
    counted.count += added
    counted.since += added
    stored.push(...fitting)
  }
  leftOut += terms.length - stored.length
  return stored
}

/** Returns the words that are stored already, and the first of the others for which there is room. */
async function fittingOf(owner: string, terms: NewTerm[], room: number): Promise<NewTerm[]> {
  if (terms.length <= room) return terms
  const known = await Term.named(
    [owner],
    terms.map(({ word }) => word),
  )
  let left = room
  return terms.filter(({ word }) => known.has(word) || left-- > 0)
}

async function countOf(owner: string): Promise<Counted> {
  const known = counts.get(owner)
  if (known && known.since < MAX_UNCOUNTED && Date.now() - known.countedAt < COUNT_MS) return known
  // the time before the count: words that are removed meanwhile are missed for `COUNT_MS` at most
  const counted = { count: 0, since: 0, countedAt: Date.now() }
  counted.count = await Term.countOf(owner, maxTerms)
  if (counts.size >= MAX_OWNERS) counts.clear()
  counts.set(owner, counted)
  return counted
}

/** Returns whether words of an owner can have been left out before some were removed. Counts them again. */
export async function wereLeftOut(owner: string, removed: number): Promise<boolean> {
  counts.delete(owner)
  const { count } = await countOf(owner)
  return count + removed >= maxTerms
}

/** Makes this process count the words of all owners again. */
export const forgetCounts = (): void => counts.clear()
