import { type Asset, api, ask } from '../../api/client.ts'
import { queries } from '../../api/query.ts'

/** Images that an asset can have. */
const MAX_IMAGES = 8

/**
 * Stores a picture as the only preview image of an asset. The images that it replaces are deleted after it is stored.
 *
 * @throws ApiError
 */
export async function savePoster({ id, images }: Asset, picture: Blob): Promise<void> {
  const body = new FormData()
  body.append('images', picture, 'preview.png')
  const remove = (imageId: string) =>
    ask(api.DELETE('/api/assets/{assetId}/images/{imageId}', { params: { path: { assetId: id, imageId } } }))
  const old = [...images]
  if (old.length >= MAX_IMAGES) await remove(old.pop()?.id ?? '')
  await ask(
    api.POST('/api/assets/{assetId}/images', {
      params: { path: { assetId: id } },
      body: body as never,
      bodySerializer: (form: unknown) => form as FormData,
    }),
  )
  for (const image of old) await remove(image.id)
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['asset', id] }),
    queries.invalidateQueries({ queryKey: ['assets'] }),
  ])
}
