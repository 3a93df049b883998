import type { LinkFields } from '../link.ts'

/** The token of a new link, which cannot be read again, and the URL with the token. */
interface Created {
  token: string
  url: string
}

/** Serializes a link for the owner of its asset. */
export function serializeLink(link: LinkFields, created?: Created) {
  return {
    id: link._id.toString(),
    url: null,
    ...created,
    expiresAt: link.expiresAt,
    maxDownloads: link.maxDownloads,
    label: link.label ?? null,
    downloads: link.downloads,
    hasPassword: link.passwordHash !== null,
    createdAt: link.createdAt,
    lastUsedAt: link.lastUsedAt,
  }
}

/** Serializes a link for its owner, with the asset that it shares. */
export const serializeOwnLink = (link: LinkFields, name: string) => ({
  ...serializeLink(link),
  asset: { id: link.asset.toString(), name },
})
