import { readFileSync } from 'node:fs'

export interface LibraryAsset {
  name: string
  tags: string[]
  fileNames: string[]
  description: string
}

/** A search of the library, and what a person expects of it. Assets are named by their names in NFC. */
export interface LibrarySearch {
  q: string
  /** Whether any word is enough. */
  any: boolean
  /** Assets that must be found. */
  must: string[]
  /** Assets that are right as well. Others count as wrong. */
  also: string[]
  /** Assets that must not be found. */
  not: string[]
  /** Assets that must come first, in this order. */
  first: string[]
}

const linesOf = (file: string): string[] =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

const listOf = (text = '', divider = ';'): string[] =>
  text
    .split(divider)
    .map((one) => one.trim())
    .filter(Boolean)

/** Returns the assets of the library, the oldest first. */
export function libraryAssets(): LibraryAsset[] {
  return linesOf('assets.txt').map((line) => {
    const [name = '', tags, files, description = ''] = line.split('|')
    return {
      name: name.trim(),
      tags: listOf(tags, ','),
      fileNames: listOf(files, ','),
      description: description.trim(),
    }
  })
}

/** Returns the searches and their expectations. */
export function librarySearches(): LibrarySearch[] {
  return linesOf('searches.txt').map((line) => {
    const [, any, q = '', rest = ''] = /^(any of )?\[(.*?)\](.*)$/.exec(line) ?? []
    const [must, ...more] = rest.split('|')
    const namesOf = (text?: string) => listOf(text).map((name) => name.normalize('NFC'))
    const named = (label: string) =>
      namesOf(more.find((one) => one.trim().startsWith(`${label}:`))?.replace(`${label}:`, ''))
    return {
      ...{ q, any: any !== undefined, must: namesOf(must) },
      ...{ also: named('also'), not: named('not'), first: named('first') },
    }
  })
}
