import mongoose, { type Types } from 'mongoose'
import { Asset, type AssetFields } from './asset.ts'
import { idOf, type NewTerm, PUBLIC, SEEN_MS, Term } from './term.ts'
import { termsOfKeys } from './term-grams.ts'

/** Time from a change of an asset to the storage of its new words, in milliseconds: words of several are stored at once. */
const GATHER_MS = 300
/** Time after which another process stores the words of a change, in milliseconds. */
const RESUME_MS = 60_000
/** Most words that a process remembers as stored. */
const MAX_SEEN = 50_000
/** Most changed assets whose words wait in this process. The words of more are stored by `storeDueTerms`. */
const MAX_WAITING = 500
/** Most assets whose words are stored at once. */
const BATCH = 100

/** The fields of an asset that its terms depend on. */
export type TermSource = Pick<AssetFields, 'owner' | 'visibility' | 'keys'>

/** Returns the audiences of an asset: its owner, and the public if the asset is public. */
const audiencesOf = ({ owner, visibility }: Omit<TermSource, 'keys'>): string[] => [
  owner.toString(),
  ...(visibility === 'public' ? [PUBLIC] : []),
]

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

  /** Returns the words of an asset, for each audience, that this process has not stored lately. */
  newOf(source: TermSource): NewTerm[] {
    const seen = this.#fresh()
    const terms = [...termsOfKeys(source.keys)]
    // an asset that is not ready can lack an owner
    if (terms.length === 0) return []
    return audiencesOf(source).flatMap((audience) =>
      terms.flatMap(([word, spellings]) =>
        spellings.every((spelling) => seen.has(nameOf(audience, word, spelling)))
          ? []
          : [{ audience, word, spellings }],
      ),
    )
  }

  forget(): void {
    this.#client = undefined
  }

  add(entries: readonly NewTerm[]): void {
    const seen = this.#fresh()
    for (const { audience, word, spellings } of entries)
      for (const spelling of spellings) seen.add(nameOf(audience, word, spelling))
  }
}

const nameOf = (audience: string, word: string, spelling: string) =>
  spelling === word ? idOf(audience, word) : `${idOf(audience, word)} ${spelling}`

const seenTerms = new SeenTerms()

/** Stores the words of assets that this process has not stored lately. */
export async function storeTermsOf(assets: readonly TermSource[]): Promise<void> {
  const entries = new Map<string, NewTerm>()
  for (const entry of assets.flatMap((asset) => seenTerms.newOf(asset))) {
    const id = idOf(entry.audience, entry.word)
    const spellings = new Set([...(entries.get(id)?.spellings ?? []), ...entry.spellings])
    entries.set(id, { ...entry, spellings: [...spellings] })
  }
  const added = [...entries.values()]
  await Term.addAll(added)
  seenTerms.add(added)
}

/** An asset whose new words are stored soon. */
interface Waiting extends TermSource {
  _id: Types.ObjectId
  termsDue: Date
}

let waiting: Waiting[] = []
let timer: NodeJS.Timeout | undefined
let running: Promise<void> = Promise.resolve()

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
  if (waiting.length < MAX_WAITING) waiting.push({ _id, owner, visibility, keys, termsDue })
  timer ??= setTimeout(storeSoon, GATHER_MS).unref()
  return { termsDue }
}

function storeSoon(): void {
  // the mark of the assets stays, so that `storeDueTerms` stores the words and logs the fault if it lasts
  storeWaitingTerms().catch(() => undefined)
}

/** Stores the words of the changes of this process, so that a search finds them by a part. */
export function storeWaitingTerms(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  const changes = waiting
  waiting = []
  if (changes.length > 0) running = running.catch(() => undefined).then(() => store(changes))
  return running
}

async function store(changes: readonly Waiting[]): Promise<void> {
  await storeTermsOf(changes)
  const ids = changes.map(({ _id }) => _id)
  // a later change of an asset has another mark
  const termsDue = { $in: changes.map((change) => change.termsDue) }
  await Asset.collection.updateMany({ _id: { $in: ids }, termsDue }, { $unset: { termsDue: 1 } })
}

/** Stores the words of assets that a process changed and did not store, because it died or the database failed. */
export async function storeDueTerms(): Promise<void> {
  const due = () =>
    Asset.collection
      .find<Waiting>({ termsDue: { $lte: new Date() } })
      .project<Waiting>({ owner: 1, visibility: 1, keys: 1, termsDue: 1 })
      .limit(BATCH)
      .toArray()
  for (let assets = await due(); assets.length > 0; assets = await due()) await store(assets)
}

/** Makes this process store words again that it has stored. */
export const forgetStoredTerms = () => seenTerms.forget()

/** Stores the words of all assets, for a database in which none are stored. */
export async function storeAllTerms(): Promise<void> {
  forgetStoredTerms()
  let batch: TermSource[] = []
  const cursor = Asset.find({ state: 'ready' }, { owner: 1, visibility: 1, keys: 1 }).lean().cursor()
  for await (const asset of cursor) {
    if (batch.push(asset) < BATCH) continue
    await storeTermsOf(batch)
    batch = []
  }
  await storeTermsOf(batch)
}
