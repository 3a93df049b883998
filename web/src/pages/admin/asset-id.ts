const ID = /^[0-9a-f]{24}$/i

/**
 * Returns the id in what an admin pasted: an id, the address of a page of an asset, or an address of the API. Null if there
 * is none.
 */
export function assetIdIn(pasted: string): string | null {
  const given = pasted.trim()
  if (ID.test(given)) return given.toLowerCase()
  const [, id = ''] = /\/(?:a|embed|assets)\/([^/?#]+)/.exec(given) ?? []
  return ID.test(id) ? id.toLowerCase() : null
}

/** Returns the token in the address of a link; null if there is none. */
export function linkTokenIn(pasted: string): string | null {
  return /\/(?:s|links)\/([\w-]{8,})/.exec(pasted)?.[1] ?? null
}
