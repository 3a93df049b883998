import type { AssetFields } from '../asset.ts'

/** An asset that a page is about, and the path of its API route. */
export interface CardAsset {
  asset: Pick<AssetFields, 'name' | 'description' | 'images' | 'cover'>
  path: string
}

/** Most characters of a description in a card. Services cut it at about this length. */
const MAX_DESCRIPTION = 200

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')

/** Returns a text in one line, cut between two characters, not within one. */
function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()]
  return characters.length > MAX_DESCRIPTION
    ? `${characters.slice(0, MAX_DESCRIPTION - 1).join('')}…`
    : characters.join('')
}

/**
 * Returns the title of a page and, for an asset, the Open Graph tags (https://ogp.me) by which chats show a card. Both are
 * HTML.
 *
 * @param page the path of the page
 * @param urlOf returns the absolute URL of a path, which the programs of chats need
 */
export function cardOf(
  card: CardAsset | null,
  page: string,
  urlOf: (path: string) => string,
): { title: string; tags: string } {
  if (!card) return { title: 'Kura', tags: '' }
  const { name, description, images, cover } = card.asset
  const [picture = cover] = images
  const image = picture ? urlOf(`${card.path}/images/${picture.id}`) : null
  const properties = {
    type: 'website',
    site_name: 'Kura',
    title: name,
    url: urlOf(page),
    description: shorten(description),
    ...(image ? { image } : {}),
  }
  const tags = Object.entries(properties).map(
    ([property, value]) => `<meta property="og:${property}" content="${escapeHtml(value)}">`,
  )
  const kind = image ? 'summary_large_image' : 'summary'
  return {
    title: `${escapeHtml(name)} – Kura`,
    tags: [...tags, `<meta name="twitter:card" content="${kind}">`].join('\n    '),
  }
}
