import { setTimeout as delay } from 'node:timers/promises'
import mongoose, { type QueryFilter, type Types } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { audiencesOf, idOf, type NewTerm, SEEN_MS, Term } from './term.ts'
import { termsOfKeys } from './term-grams.ts'
import { forgetCounts, storeWithinLimit, wereLeftOut } from './term-limit.ts'

/** Time from a change of an asset to the storage of its new words, in milliseconds: words of several are stored at once. */
const GATHER_MS = 300
/** Time after which another process stores the words of a change, in milliseconds. */
const RESUME_MS = 60_000
/** Longest time that a search waits until the words of changes of this process are stored, in milliseconds. */
const SEARCH_WAIT_MS = 1000
/** Most words that a process remembers as stored. */
const MAX_SEEN = 50_000
/** Most keys of changed assets whose words wait in this process. The words of more are stored by `storeDueTerms`. */
const MAX_WAITING = 200_000
/** Most assets whose words are stored at once. */
const BATCH = 100

/** The fields of an asset that its terms depend on. */
export type TermSource = Pick<AssetFields, 'owner' | 'visibility' | 'keys'>

/** The words that this process has stored lately, so that a change with known words stores none. */
class SeenTerms {
  #seen = new Set<string>()
  #since = Date.now()
  #client: unknown

  #fresh(): Set<string> {
    const client = mongoose.connection.getClient()
    const isOld = Date.now() - this.#since > SEEN_MS || this.#seen.size > MAX_SEEN
    if (isOld || client !== this.#client) {
      this.#seen = new Set()
      this.#since = Date.now()
      this.#client = client
    }
    return this.#seen
  }

  /** Returns the words of an asset that this process has not stored lately for each of its audiences. */
  newOf({ owner, visibility, keys }: TermSource): NewTerm[] {
    const seen = this.#fresh()
    const terms = [...termsOfKeys(keys)]
    // an asset that is not ready can lack an owner
    if (terms.length === 0) return []
    const of = { owner: owner.toString(), isPublic: visibility === 'public' }
    return terms.flatMap(([word, spellings]) => {
      const term = { ...of, word, spellings }
      return namesOf(term).every((name) => seen.has(name)) ? [] : [term]
    })
  }

  forget(): void {
    this.#client = undefined
  }

  add(terms: readonly NewTerm[]): void {
    const seen = this.#fresh()
    for (const name of terms.flatMap(namesOf)) seen.add(name)
  }
}

const namesOf = ({ word, spellings, ...of }: NewTerm): string[] =>
  audiencesOf(of).flatMap((audience) =>
    spellings.map((spelling) => `${idOf(audience, word)}${spelling === word ? '' : ` ${spelling}`}`),
  )

const seenTerms = new SeenTerms()

/**
 * Stores the words of assets that this process has not stored lately. The words of an owner who has the most words are
 * left out, for the public too.
 */
export async function storeTermsOf(assets: readonly TermSource[]): Promise<void> {
  const owners = new Map<string, Map<string, NewTerm>>()
  for (const term of assets.flatMap((asset) => seenTerms.newOf(asset))) {
    const terms = owners.get(term.owner) ?? new Map<string, NewTerm>()
    owners.set(term.owner, terms.set(term.word, merged(term, terms.get(term.word))))
  }
  for (const [owner, terms] of owners) seenTerms.add(await storeWithinLimit(owner, [...terms.values()]))
}

const merged = (term: NewTerm, other: NewTerm = term): NewTerm => ({
  ...term,
  isPublic: term.isPublic || other.isPublic,
  spellings: [...new Set([...other.spellings, ...term.spellings])],
})

/** An asset whose new words are stored soon. */
interface Waiting extends TermSource {
  _id: Types.ObjectId
  termsDue: Date
}

let waiting: Waiting[] = []
let waitingKeys = 0
let timer: NodeJS.Timeout | undefined
let running: Promise<void> | undefined

/**
 * Returns the part of an update that changes the keys of an asset. When the asset has words that this process does not
 * know, it marks the asset until the words are stored: by this process soon, or by `storeDueTerms` when it has died.
 */
export function termsMark(
  asset: TermSource & Pick<AssetFields, '_id'>,
): Partial<Pick<AssetFields, 'termsDue'>> {
  if (seenTerms.newOf(asset).length === 0) return {}
  const termsDue = new Date(Date.now() + RESUME_MS)
  const { _id, owner, visibility, keys } = asset
  if (waitingKeys < MAX_WAITING) {
    waiting.push({ _id, owner, visibility, keys, termsDue })
    waitingKeys += keys.length
  }
  timer ??= setTimeout(storeSoon, GATHER_MS).unref()
  return { termsDue }
}

function storeSoon(): void {
  // the mark of the assets stays, so that `storeDueTerms` stores the words and logs the fault if it lasts
  storeWaitingTerms().catch(() => undefined)
}

/** Stores the words of the changes of this process. */
export function storeWaitingTerms(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  const changes = waiting
  waiting = []
  waitingKeys = 0
  if (changes.length === 0) return running ?? Promise.resolve()
  const before = running?.catch(() => undefined)
  const work = Promise.resolve(before)
    .then(() => store(changes))
    .finally(() => {
      if (running === work) running = undefined
    })
  running = work
  return work
}

/**
 * Stores the words of the changes of this process, so that a search finds them by a part. The words of many changes do not
 * delay the search for long, and a fault is left to `storeDueTerms`.
 */
export async function storeTermsForSearch(): Promise<void> {
  const stored = storeWaitingTerms()
  if (!running) return
  const searching = new AbortController()
  const { signal } = searching
  const late = delay(SEARCH_WAIT_MS, undefined, { signal }).catch(() => undefined)
  await Promise.race([stored.catch(() => undefined), late])
  searching.abort()
}

async function store(changes: readonly Waiting[]): Promise<void> {
  await storeTermsOf(changes)
  const ids = changes.map(({ _id }) => _id)
  // a later change of an asset has another mark
  const termsDue = { $in: changes.map((change) => change.termsDue) }
  await Asset.collection.updateMany({ _id: { $in: ids }, termsDue }, { $unset: { termsDue: 1 } })
}

/**
 * Stores the words of assets that a process changed and did not store, because it died or the database failed. Ends after
 * the current batch when the signal aborts.
 */
export async function storeDueTerms(signal: AbortSignal): Promise<void> {
  const due = () =>
    Asset.collection
      .find<Waiting>({ termsDue: { $lte: new Date() } })
      .project<Waiting>({ owner: 1, visibility: 1, keys: 1, termsDue: 1 })
      .limit(BATCH)
      .toArray()
  while (!signal.aborted) {
    const assets = await due()
    if (assets.length === 0) return
    await store(assets)
  }
}

/** Makes this process store words again that it has stored. */
export function forgetStoredTerms(): void {
  seenTerms.forget()
  forgetCounts()
}

/** Stores the words of all assets, for a database in which none are stored. */
export function storeAllTerms(): Promise<void> {
  forgetStoredTerms()
  return storeTermsIn({})
}

/** Counts all words, removes those of no asset, and stores words that were left out because their owner had the most. */
export async function refreshTerms(signal: AbortSignal): Promise<void> {
  for (const [owner, removed] of await Term.refresh(signal))
    if (!signal.aborted && (await wereLeftOut(owner, removed))) await storeTermsIn({ owner }, signal)
}

async function storeTermsIn(assets: QueryFilter<AssetFields>, signal?: AbortSignal): Promise<void> {
  let batch: TermSource[] = []
  const cursor = Asset.find({ ...assets, state: 'ready' }, { owner: 1, visibility: 1, keys: 1 })
    .lean()
    .cursor()
  for await (const asset of cursor) {
    if (signal?.aborted) return
    if (batch.push(asset) < BATCH) continue
    await storeTermsOf(batch)
    batch = []
  }
  await storeTermsOf(batch)
}
