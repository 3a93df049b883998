import type { Page } from 'playwright-core'
import { uploadAsset } from './app/assets.ts'
import type { TestUser } from './app/users.ts'
import { obj, png } from './data/samples.ts'

export const listIn = (page: Page) => page.getByRole('list', { name: 'Assets' })

/** Returns the names of the assets on a page of the gallery. */
export const namesIn = (page: Page) => listIn(page).getByRole('link').allTextContents()

/** Uploads three assets, of which the first one is public. */
export async function uploadFurniture(user: TestUser): Promise<void> {
  const oak = { name: 'Oak chair', tags: 'wood', license: 'CC0-1.0', visibility: 'public' }
  await uploadAsset(user, oak, { 'chair.obj': obj() })
  await uploadAsset(user, { name: 'Pine table', tags: 'wood, woven' }, { 'table.png': await png() })
  await uploadAsset(user, { name: 'Steel lamp', tags: 'metal' }, { 'lamp.png': await png() })
}
