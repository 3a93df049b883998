import type { LibrarySearch } from './library.ts'

/** Results that a person looks at. */
const LOOKED_AT = 20

/** How good an answer is: shares of 1, and what is wrong with it. */
interface Judgement {
  precision: number
  recall: number
  faults: string[]
}

/** Compares the found assets, the best first, with the expectations. */
export function judge({ must, also, not, first }: LibrarySearch, found: readonly string[]): Judgement {
  const top = found.slice(0, LOOKED_AT)
  const right = new Set([...must, ...also])
  const missing = must.filter((name) => !found.includes(name))
  const forbidden = not.filter((name) => found.includes(name))
  const begin = found.slice(0, first.length)
  return {
    precision:
      top.length === 0
        ? must.length === 0
          ? 1
          : 0
        : top.filter((name) => right.has(name)).length / top.length,
    recall: must.length === 0 ? 1 : 1 - missing.length / must.length,
    faults: [
      ...(missing.length > 0 ? [`misses ${missing.join('; ')}`] : []),
      ...(forbidden.length > 0 ? [`finds ${forbidden.join('; ')}`] : []),
      ...(first.some((name, n) => name !== begin[n]) ? [`begins with ${begin.join('; ')}`] : []),
    ],
  }
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
