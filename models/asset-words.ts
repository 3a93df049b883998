import type { AssetFields } from './asset-shape.ts'

type Described = Pick<AssetFields, 'name' | 'description' | 'tags'>

/** Text as it is searched: without accents, so that every engine finds `café` by `cafe`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Whether a search only says what it does not want: such a one finds nothing, on every engine alike. */
export function onlyExcludes(q: string): boolean {
  const terms = q.match(/-?"[^"]*"?|\S+/g) ?? []
  return terms.length > 0 && terms.every((term) => term.startsWith('-'))
}

/** What sort and text search read, derived from what people read. */
export function describeWords({
  name,
  description,
  tags,
}: Described): Pick<AssetFields, 'nameKey' | 'words'> {
  return {
    nameKey: name.toLowerCase(),
    words: { name: foldText(name), description: foldText(description), tags: tags.map(foldText) },
  }
}
