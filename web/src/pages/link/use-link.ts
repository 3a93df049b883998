import { useQuery } from '@tanstack/preact-query'
import { type Asset, api, ask } from '../../api/client.ts'

/** The password is percent-encoded, so that it can have any character. */
const headerOf = (password: string | null) =>
  password === null ? {} : { 'X-Link-Password': encodeURIComponent(password) }

/**
 * Reads the asset that a link shares. With a password the URLs of its files and pictures are signed, because neither a
 * viewer nor a download can send the password.
 *
 * @param password null: the link has none
 * @throws ApiError `password_required`, `bad_credentials`, `link_expired`, `not_found`, `too_many_requests` and others
 */
export async function readLink(token: string, password: string | null): Promise<Asset> {
  const params = {
    path: { token },
    header: headerOf(password),
    query: password === null ? {} : { signed: '1' as const },
  }
  return (await ask(api.GET('/api/links/{token}', { params }))).asset
}

/** Returns a URL that downloads a file of a link with a password, or all files. @throws ApiError */
export async function signDownload(
  token: string,
  password: string,
  what: { file: string } | { all: '1' },
): Promise<string> {
  const query = { ...what, download: '1' as const }
  const params = { path: { token }, header: headerOf(password), query }
  return (await ask(api.GET('/api/links/{token}/url', { params }))).url
}

/** Reads a link without a password. A link that has one is then opened by the form of its page. */
export const useLink = (token: string) =>
  useQuery({ queryKey: ['link', token], queryFn: () => readLink(token, null), gcTime: 0 })
