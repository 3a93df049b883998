import { type Model, model, type mongo, Schema, Types } from 'mongoose'
import { Asset } from './asset.ts'
import { asAppError } from './database-errors.ts'
import type { Stored } from './stored.ts'
import { gramsOf, innerGramsOf } from './term-grams.ts'

/** Most words that a prefix or a part of a word stands for. */
const MAX_EXPANSIONS = 50
/** Most spellings of a word that searches use. A word with more has unknown spellings. */
const MAX_SPELLINGS = 8
/** Longest time in which a process does not store a word again that it has stored, in milliseconds. */
export const SEEN_MS = 3_600_000
/** Time after its last sight from which a word without assets is removed, in milliseconds. Longer than `SEEN_MS`. */
const UNUSED_MS = 2 * SEEN_MS
/** Most assets that are counted for a word. More make no difference to searches. */
const MAX_TERM_COUNT = 2000
/** Most terms that share letters with a misspelled word and that are compared with it. */
const MAX_SIMILAR = 2000
/** Time between two counts of a word, in milliseconds. */
const COUNT_AGAIN_MS = 12 * 3_600_000
const COUNT_BATCH = 200
const COUNTS_AT_ONCE = 4
/** The audience of public assets. The audience of the assets of an owner is the owner's id. */
export const PUBLIC = 'public'

const definition = {
  /** The audience and the word: `public chair`. Words that begin alike are a range of the ids. */
  _id: { type: String, required: true },
  /** The parts of three letters, with the audience: `public cha`. */
  grams: { type: [String], required: true },
  /** About how many assets of the audience have the word; at most `MAX_TERM_COUNT`. */
  count: { type: Number, required: true },
  /** The id again, of a word that several assets have: the most used words that begin alike are few of all that do. */
  used: String,
  /** How the word is written, in lower case: `café` and `cafe` for `cafe`. At most twice `MAX_SPELLINGS`. */
  spellings: { type: [String], required: true },
  /** When a process last saw the word in an asset for the first time. */
  seenAt: { type: Date, required: true },
  /** When the assets were last counted. Missing: never. */
  countedAt: Date,
} as const

type TermFields = Stored<typeof definition>

/** A word of the assets of one or several audiences. */
export interface KnownWord {
  word: string
  count: number
  /** Null when they are not all known. */
  spellings: string[] | null
}

/** A word of the assets of an owner. */
export interface NewTerm {
  /** The owner's id. */
  owner: string
  /** Whether a public asset has it. */
  isPublic: boolean
  word: string
  spellings: string[]
}

/** Returns the audiences of a word: its owner, and the public. */
export const audiencesOf = ({ owner, isPublic }: Pick<NewTerm, 'owner' | 'isPublic'>): string[] => [
  owner,
  ...(isPublic ? [PUBLIC] : []),
]

export const idOf = (audience: string, word: string) => `${audience} ${word}`
const wordOf = (id: string) => id.slice(id.indexOf(' ') + 1)
const audienceOf = (id: string) => id.slice(0, id.indexOf(' '))
/** The last character of Unicode: every text that begins with a prefix is before the prefix and this character. */
const LAST = '\u{10ffff}'
const rangeOf = (prefix: string) => ({ $gte: prefix, $lt: prefix + LAST })
const beginningWith = (prefix: string) => ({ _id: rangeOf(prefix) })

const statics = {
  /** Stores words, of which some can be stored already. Returns the number of words that are new to their owner. */
  async addAll(terms: readonly NewTerm[]): Promise<number> {
    if (terms.length === 0) return 0
    const seenAt = new Date()
    const entries = terms.flatMap(({ word, spellings, ...of }) =>
      audiencesOf(of).map((audience) => ({ _id: idOf(audience, word), word, spellings })),
    )
    const { upsertedIds } = await Term.collection.bulkWrite(
      entries.map(({ _id, word, spellings }) => {
        const grams = gramsOf(word).map((gram) => idOf(audienceOf(_id), gram))
        const isPlain = spellings.includes(word)
        return {
          updateOne: {
            filter: { _id },
            update: {
              $setOnInsert: { grams, count: 1, ...(isPlain ? {} : { spellings: [] }) },
              ...(isPlain ? { $addToSet: { spellings: word } } : {}),
              $max: { seenAt },
            },
            upsert: true,
          },
        }
      }) as never,
      { ordered: false },
    )
    const accented = entries.flatMap(({ _id, word, spellings }) => {
      const others = spellings.filter((spelling) => spelling !== word)
      return others.length > 0 ? [{ _id, others: others.slice(0, MAX_SPELLINGS + 1) }] : []
    })
    if (accented.length > 0)
      await Term.collection.bulkWrite(
        accented.map(({ _id, others }) => ({
          updateOne: {
            filter: { _id, [`spellings.${MAX_SPELLINGS}`]: { $exists: false } },
            update: { $addToSet: { spellings: { $each: others } } },
          },
        })) as never,
        { ordered: false },
      )
    return Object.values(upsertedIds).filter((id) => audienceOf(String(id)) !== PUBLIC).length
  },

  /** Returns how many words of an owner are stored, at most `limit`. */
  countOf(owner: string, limit: number): Promise<number> {
    return Term.countDocuments(beginningWith(idOf(owner, '')), { limit }).exec()
  },

  /** Returns the given words that the audiences have, each once, by the word. */
  async named(audiences: readonly string[], words: readonly string[]): Promise<Map<string, KnownWord>> {
    const ids = audiences.flatMap((audience) => words.map((word) => idOf(audience, word)))
    return merge(await read({ _id: { $in: ids } }, ids.length))
  },

  /** Returns the most used words that begin with a prefix, the most used first. */
  async beginning(
    audiences: readonly string[],
    prefix: string,
    limit = MAX_EXPANSIONS,
  ): Promise<KnownWord[]> {
    const found = await Promise.all(
      audiences.flatMap((audience) => {
        const range = rangeOf(idOf(audience, prefix))
        return [
          read({ used: range }, 2 * limit),
          read({ _id: range, used: { $exists: false } }, limit, { _id: 1 }),
        ]
      }),
    )
    return mostUsed(found.flat(), limit)
  },

  /**
   * Returns the most used words that contain a text of at least three letters, the most used first. Of the words of one
   * asset it returns some: very many words can contain a text, and to sort them takes longer than the search.
   */
  async containing(audiences: readonly string[], part: string, limit = MAX_EXPANSIONS): Promise<KnownWord[]> {
    const found = await Promise.all(
      audiences.flatMap((audience) => {
        const grams = { $all: innerGramsOf(part).map((gram) => idOf(audience, gram)) }
        // the letters of other words can have another sequence
        return [
          read({ grams, used: { $exists: true } }, 4 * limit),
          read({ grams, used: { $exists: false } }, 4 * limit, null),
        ]
      }),
    )
    return mostUsed(
      found.flat().filter(({ _id }) => wordOf(_id).includes(part)),
      limit,
    )
  },

  /** Returns words that share letters with a word. */
  async similar(audiences: readonly string[], word: string): Promise<KnownWord[]> {
    const grams = gramsOf(word)
    const found = await Promise.all(
      audiences.map((audience) =>
        read({ grams: { $in: grams.map((gram) => idOf(audience, gram)) } }, MAX_SIMILAR),
      ),
    )
    return [...merge(found.flat()).values()]
  },

  /** Removes the words of an owner's assets. */
  async removeAllOf(owner: Types.ObjectId): Promise<void> {
    await Term.deleteMany(beginningWith(idOf(owner.toString(), '')))
  },

  /**
   * Counts the assets of each word that was not counted lately, and removes the words that no asset has. Other processes
   * can do the same meanwhile.
   *
   * @returns how many words of each owner were removed
   */
  async refresh(signal: AbortSignal): Promise<Map<string, number>> {
    const begun = Date.now()
    const removed = new Map<string, number>()
    const due = { $not: { $gt: new Date(begun - COUNT_AGAIN_MS) } }
    for (let last = ''; !signal.aborted; ) {
      const batch = await Term.find({ _id: { $gt: last }, countedAt: due }, { count: 1, seenAt: 1 })
        .sort({ _id: 1 })
        .limit(COUNT_BATCH)
        .lean()
      const rest = [...batch]
      const work = async () => {
        for (let term = rest.pop(); term && !signal.aborted; term = rest.pop()) {
          if (await recount(term, begun)) continue
          const audience = audienceOf(term._id)
          if (audience !== PUBLIC) removed.set(audience, (removed.get(audience) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: COUNTS_AT_ONCE }, work))
      if (batch.length < COUNT_BATCH) break
      last = batch.at(-1)?._id ?? LAST
    }
    return removed
  },
}

type Counted = Pick<TermFields, '_id' | 'count' | 'seenAt'>

/** Counts the assets of a word. Returns false when there are none, and the word is removed. */
async function recount({ _id, seenAt }: Counted, begun: number): Promise<boolean> {
  const audience = audienceOf(_id)
  const assets = audience === PUBLIC ? { visibility: PUBLIC } : { owner: new Types.ObjectId(audience) }
  const filter = { ...assets, keys: `word:${wordOf(_id)}` }
  const count = await Asset.collection.countDocuments(filter, { limit: MAX_TERM_COUNT })
  // a process that has seen the word lately does not store it again
  if (count === 0 && seenAt.getTime() < begun - UNUSED_MS) {
    const { deletedCount } = await Term.deleteOne({ _id, seenAt })
    return deletedCount === 0
  }
  await Term.updateOne(
    { _id },
    {
      $set: { count, countedAt: new Date(), ...(count > 1 ? { used: _id } : {}) },
      ...(count > 1 ? {} : { $unset: { used: 1 } }),
    },
  )
  return true
}

type Read = Pick<TermFields, '_id' | 'count' | 'spellings'>

/** Longest time in which the most used words are chosen, in milliseconds. */
const MAX_SORT_MS = 1000
/** Longest time of a query, in milliseconds, as of a search. */
const MAX_READ_MS = 5000

/**
 * Reads the most used terms. When very many words are alike, it reads some of them, so that the search still ends.
 *
 * @param sort null: it reads any of them
 */
async function read(
  filter: object,
  limit: number,
  sort: Record<string, 1 | -1> | null = { count: -1, _id: 1 },
): Promise<Read[]> {
  const find = (options: mongo.FindOptions) =>
    Term.collection
      .find<Read>(filter, { projection: { count: 1, spellings: 1 }, limit, batchSize: limit, ...options })
      .toArray()
  if (sort === null) return find({ maxTimeMS: MAX_READ_MS })
  try {
    return await find({ sort, maxTimeMS: MAX_SORT_MS })
  } catch (error) {
    if (asAppError(error)?.code !== 'too_slow') throw error
    return find({ maxTimeMS: MAX_READ_MS })
  }
}

/** Returns the terms of several audiences by their words. */
function merge(found: readonly Read[]): Map<string, KnownWord> {
  const merged = new Map<string, KnownWord>()
  for (const { _id, count, spellings } of found) {
    const word = wordOf(_id)
    const other = merged.get(word)
    const all = [...new Set([...(other?.spellings ?? []), ...spellings])]
    const isKnown = other?.spellings !== null && all.length <= MAX_SPELLINGS
    merged.set(word, { word, count: count + (other?.count ?? 0), spellings: isKnown ? all : null })
  }
  return merged
}

const mostUsed = (found: readonly Read[], limit: number): KnownWord[] =>
  [...merge(found).values()].sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1)).slice(0, limit)

type TermModel = Model<TermFields> & typeof statics

const schema = new Schema<TermFields, TermModel>(definition, {
  collection: 'terms',
  versionKey: false,
  statics,
})
schema.index({ grams: 1 })
schema.index({ used: 1 }, { sparse: true })

/**
 * The words of all assets, for the public and for each owner apart: what searches of a part of a word and suggestions
 * read. Derived from the keys of the assets. A word can be here without an asset: prove it with a search.
 */
export const Term = model<TermFields, TermModel>('Term', schema)
