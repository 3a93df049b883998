import { useQuery } from '@tanstack/preact-query'
import { type Asset, api, ask } from '../../api/client.ts'
import { session } from '../../api/session.ts'
import { at } from '../../base.ts'
import { RENEW_MS } from './use-asset.ts'

/** Signs an address that downloads a file, or all files. @throws ApiError */
async function sign(assetId: string, query: { file?: string; all?: '1' }): Promise<string> {
  const { url } = await ask(
    api.GET('/api/assets/{assetId}/url', {
      params: { path: { assetId }, query: { ...query, download: '1' } },
    }),
  )
  return url
}

/** Downloads a file, which counts as a download. @throws ApiError */
export async function downloadFile(assetId: string, fileId: string): Promise<void> {
  const url = session.token
    ? await sign(assetId, { file: fileId })
    : at(`/api/assets/${assetId}/files/${fileId}?download=1`)
  location.assign(url)
}

/** Returns an address that downloads the asset: its only file, or a zip of its files. Undefined until it is known. */
export function useDownload({ id, visibility }: Asset): string | undefined {
  const { data } = useQuery({
    queryKey: ['asset', id, 'download', visibility],
    queryFn: () => (session.token ? sign(id, { all: '1' }) : at(`/api/assets/${id}/download`)),
    refetchInterval: RENEW_MS,
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: true,
  })
  return data
}
