import type { AssetFields } from './asset-shape.ts'

type Described = Pick<AssetFields, 'name' | 'description' | 'tags'>

/** Text as it is searched: without accents, so that every engine finds `café` by `cafe`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
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
