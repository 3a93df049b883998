import type { LinkFields } from '../link.ts'

/** A link as the asset's owner sees it; its token only where it has just been made. */
export function linkView(link: LinkFields, token?: string) {
  return {
    id: link._id.toString(),
    url: token ? `/api/links/${token}` : null,
    ...(token ? { token } : {}),
    expiresAt: link.expiresAt,
    maxDownloads: link.maxDownloads,
    downloads: link.downloads,
    hasPassword: link.passwordHash !== null,
    createdAt: link.createdAt,
    lastUsedAt: link.lastUsedAt,
  }
}
