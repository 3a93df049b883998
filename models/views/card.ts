import type { AssetFields } from '../asset.ts'

/** An asset that a page is about, and the path of its API route. */
export interface CardAsset {
  asset: Pick<AssetFields, 'name' | 'description' | 'images' | 'cover'>
  path: string
}

interface Urls {
  /** Absolute URL of the page. */
  page: string
  /** Returns the absolute URL of a path of the service. */
  image: (path: string) => string
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

/**
 * Returns the title of a page and, for an asset, the Open Graph tags (https://ogp.me) by which chats show a card. Both are
 * HTML.
 */
export function cardOf(card: CardAsset | null, urls: Urls): { title: string; tags: string } {
  if (!card) return { title: 'Kura', tags: '' }
  const { name, description, images, cover } = card.asset
  const [picture = cover] = images
  const image = picture ? urls.image(`${card.path}/images/${picture.id}`) : null
  const properties = {
    ...{ type: 'website', site_name: 'Kura', title: name, url: urls.page },
    description: description.replace(/\s+/g, ' ').trim().slice(0, MAX_DESCRIPTION),
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
