import { badValue, CommandError, notImplemented } from '../errors.ts'
import type { StoredRecord } from '../index/ordered-index.ts'
import { type IndexSpec, TEXT_LANGUAGE } from '../index/spec.ts'
import type { Turns } from '../plan/turns.ts'
import { visitPath } from '../values/path.ts'
import { type Doc, isDoc, own } from '../values/types.ts'
import { fold, termsOf } from './words.ts'

/** An inverted index: for each term its documents and its score in them. Built by the first searches. */
export class TextIndex {
  readonly #override: string
  readonly #weights: [string[], number][]
  #postings: Map<string, Map<StoredRecord, number>> | undefined
  /** The documents that are not added yet; undefined before the first search. Contains also those that are stored meanwhile. */
  #rest: Iterator<StoredRecord> | undefined

  constructor(
    readonly spec: IndexSpec,
    private readonly source: ReadonlyMap<number, StoredRecord>,
  ) {
    this.#override = spec.language_override ?? 'language'
    this.#weights = Object.entries(spec.weights ?? {}).map(([path, weight]) => [path.split('.'), weight])
  }

  /**
   * Checks whether a document can be added.
   *
   * @throws 17262 for a language without a stemmer
   */
  check(doc: Doc): void {
    const language = own(doc, this.#override) ?? TEXT_LANGUAGE
    if (language === TEXT_LANGUAGE) return
    throw new CommandError(17262, `language override unsupported: ${String(language)}`)
  }

  /** Returns whether a change leaves this index as it is: all values that it reads are identical (`===`). */
  isUntouched(before: Doc, after: Doc): boolean {
    const roots = [this.#override, ...this.#weights.map(([[root = '']]) => root)]
    return roots.every((root) => before[root] === after[root])
  }

  insert(record: StoredRecord): void {
    if (!this.#postings) return
    for (const [term, score] of this.#scores(record.doc)) {
      const posting = this.#postings.get(term)
      if (posting) posting.set(record, score)
      else this.#postings.set(term, new Map([[record, score]]))
    }
  }

  remove(record: StoredRecord): void {
    if (!this.#postings) return
    for (const term of this.#scores(record.doc).keys()) {
      const posting = this.#postings.get(term)
      posting?.delete(record)
      if (posting?.size === 0) this.#postings.delete(term)
    }
  }

  /**
   * Adds all documents, in turns. Several searches can do this at the same time. The next one continues when the time of
   * a search is over. Other commands can change documents meanwhile: to add one twice has no effect.
   *
   * @throws 50 when the time of the command is over
   */
  async build(turns: Turns): Promise<void> {
    while (this.#addNext()) if (turns.isOver()) await turns.next()
  }

  /** Returns the records that match a search, with their scores. Builds the index if `build` has not. */
  search(search: TextSearch): Map<StoredRecord, number> {
    while (this.#addNext());
    const found = new Map<StoredRecord, number>()
    for (const term of search.terms) {
      for (const [record, score] of this.#postings?.get(term) ?? [])
        found.set(record, (found.get(record) ?? 0) + score)
    }
    for (const term of search.excludedTerms) {
      for (const record of this.#postings?.get(term)?.keys() ?? []) found.delete(record)
    }
    if (search.phrases.length + search.excludedPhrases.length > 0) {
      for (const record of found.keys()) if (!this.#hasPhrases(record.doc, search)) found.delete(record)
    }
    return found
  }

  /** Adds the next document. Returns false when all are added. */
  #addNext(): boolean {
    this.#postings ??= new Map()
    this.#rest ??= this.source.values()
    const { value: record, done } = this.#rest.next()
    if (!done) this.insert(record)
    return !done
  }

  #hasPhrases(doc: Doc, { phrases, excludedPhrases }: TextSearch): boolean {
    const texts = this.#weights.flatMap(([path]) => textsAt(doc, path)).map(fold)
    const contains = (phrase: string) => texts.some((text) => text.includes(phrase))
    return phrases.every(contains) && !excludedPhrases.some(contains)
  }

  /**
   * Returns the score of each term by MongoDB's formula: the weight of the field, times the frequency (each further
   * occurrence adds half of the one before), times a factor that grows with the term's share of the field.
   */
  #scores(doc: Doc): Map<string, number> {
    const scores = new Map<string, number>()
    for (const [path, weight] of this.#weights) {
      for (const text of textsAt(doc, path)) {
        const terms = termsOf(text)
        const whole = fold(text).trim()
        for (const [term, count] of countTerms(terms)) {
          const frequency = 2 - 2 ** (1 - count)
          const share = 0.5 + (0.5 * count) / terms.length
          const exact = terms.length === 1 && term === whole ? 1.1 : 1
          scores.set(term, (scores.get(term) ?? 0) + weight * frequency * share * exact)
        }
      }
    }
    return scores
  }
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}

function textsAt(doc: Doc, path: readonly string[]): string[] {
  const texts: string[] = []
  visitPath(doc, path, 0, (value) => {
    for (const item of Array.isArray(value) ? value : [value]) if (typeof item === 'string') texts.push(item)
    return false
  })
  return texts
}

/** A parsed `$search` string: matches need any of the terms, all phrases and none of the excluded ones. */
export interface TextSearch {
  terms: ReadonlySet<string>
  phrases: readonly string[]
  excludedTerms: ReadonlySet<string>
  excludedPhrases: readonly string[]
}

/** Reads the operand of `$text`. */
export function parseTextSearch(operand: unknown): TextSearch {
  if (!isDoc(operand) || typeof operand.$search !== 'string')
    throw badValue('"$search" had the wrong type. Expected string')
  const option = Object.keys(operand).find((name) => name !== '$search')
  if (option) throw notImplemented(`$text with ${option}`)
  const terms = new Set<string>()
  const excludedTerms = new Set<string>()
  const phrases: string[] = []
  const excludedPhrases: string[] = []
  const parts = operand.$search.matchAll(/(?<![^\s"])(-?)(?:"([^"]*)"?|([^\s"]+))/g)
  for (const [, minus, phrase, word] of parts) {
    const text = phrase ?? word ?? ''
    if (phrase !== undefined && fold(phrase).trim() !== '')
      (minus ? excludedPhrases : phrases).push(fold(phrase))
    if (phrase !== undefined && minus) continue
    for (const term of termsOf(text)) (minus ? excludedTerms : terms).add(term)
  }
  return { terms, phrases, excludedTerms, excludedPhrases }
}
