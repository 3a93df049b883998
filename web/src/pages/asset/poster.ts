import { type Asset, api, ask } from '../../api/client.ts'
import { queries } from '../../api/query.ts'

/** Stores a picture as the preview image of an asset. The images that it replaces are deleted after. @throws ApiError */
export async function savePoster({ id, images }: Asset, picture: Blob): Promise<void> {
  const body = new FormData()
  body.append('images', picture, 'preview.png')
  const remove = (imageId: string) =>
    ask(api.DELETE('/api/assets/{assetId}/images/{imageId}', { params: { path: { assetId: id, imageId } } }))
  await ask(
    api.POST('/api/assets/{assetId}/images', {
      params: { path: { assetId: id } },
      body: body as never,
      bodySerializer: (form: unknown) => form as FormData,
    }),
  )
  for (const image of images) await remove(image.id)
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['asset', id] }),
    queries.invalidateQueries({ queryKey: ['assets'] }),
  ])
}
