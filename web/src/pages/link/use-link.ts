import { useQuery } from '@tanstack/preact-query'
import { type Asset, api, ask } from '../../api/client.ts'

/**
 * Reads the asset that a link shares.
 *
 * @param password null: none. It is percent-encoded, so that it can have any character
 * @throws ApiError `password_required`, `bad_credentials`, `link_expired`, `not_found`, `too_many_requests` and others
 */
export async function readLink(token: string, password: string | null): Promise<Asset> {
  const header = password === null ? {} : { 'X-Link-Password': encodeURIComponent(password) }
  return (await ask(api.GET('/api/links/{token}', { params: { path: { token }, header } }))).asset
}

/** Reads a link without a password. A link that has one is then opened by the form of its page. */
export const useLink = (token: string) =>
  useQuery({ queryKey: ['link', token], queryFn: () => readLink(token, null), gcTime: 0 })
