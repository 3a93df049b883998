import { type Asset, api, ask } from './client.ts'

/** Returns an asset and the ETag by which a change refers to this version of it. @throws ApiError */
export async function readAsset(assetId: string): Promise<{ asset: Asset; etag: string }> {
  let etag = ''
  const call = api.GET('/api/assets/{assetId}', { params: { path: { assetId }, query: { signed: '1' } } })
  const { asset } = await ask(
    call.then((answer) => {
      etag = answer.response.headers.get('ETag') ?? ''
      return answer
    }),
  )
  return { asset, etag }
}

/** The query of an asset, for the page that shows it and for what reads it before. */
export const assetQuery = (id: string) => ({ queryKey: ['asset', id], queryFn: () => readAsset(id) })

/** Deletes an asset and its files. @throws ApiError */
export const deleteAsset = (assetId: string): Promise<unknown> =>
  ask(api.DELETE('/api/assets/{assetId}', { params: { path: { assetId } } }))
