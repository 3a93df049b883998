import type { LinkFields } from '../link.ts'

/** Serializes a link for the owner of its asset. @param token the token of a new link; it cannot be read again */
export function serializeLink(link: LinkFields, token?: string) {
  return {
    id: link._id.toString(),
    url: token ? `/api/links/${token}` : null,
    ...(token ? { token } : {}),
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
