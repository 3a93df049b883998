import { deleteAsset, readAsset } from '../../api/assets.ts'
import { type Asset, api, ask } from '../../api/client.ts'
import { ApiError, toError } from '../../api/errors.ts'
import type { Item } from './use-assets.ts'

/** Requests that run at the same time. */
const PARALLEL = 4

/** Changes an asset. Returns it as it is then, or null if it no longer exists. */
export type Change = (item: Item) => Promise<Asset | null>

export interface Outcome {
  /** The changed assets by id; null: deleted. */
  done: Map<string, Asset | null>
  failed: { item: Item; error: Error }[]
  /** Assets whose change was not begun, because the user or the connection ended the run. */
  left: Item[]
}

/**
 * Changes assets one by one, because the API has no route for many. An asset that cannot be changed does not stop the
 * others. Without a connection none begins any more.
 *
 * @param onProgress called after each asset with the number of assets so far
 * @param end ends the run; what has begun comes to its end
 */
export async function applyToAll(
  items: readonly Item[],
  change: Change,
  onProgress: (count: number) => void,
  end: AbortController,
): Promise<Outcome> {
  const outcome: Outcome = { done: new Map(), failed: [], left: [...items] }
  const { done, failed, left } = outcome
  const work = async () => {
    for (let item = left.shift(); item; item = end.signal.aborted ? undefined : left.shift()) {
      try {
        done.set(item.id, await change(item))
      } catch (thrown) {
        const error = toError(thrown)
        failed.push({ item, error })
        if (error instanceof ApiError && error.code === 'network') end.abort()
      }
      onProgress(done.size + failed.length)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return outcome
}

const pathOf = ({ id }: Item) => ({ path: { assetId: id } })

/** Makes an asset public or private. */
export const setVisibility =
  (visibility: 'public' | 'private'): Change =>
  async (item) => {
    const { asset } = await ask(
      api.PATCH('/api/assets/{assetId}', { params: pathOf(item), body: { visibility } }),
    )
    return asset
  }

/** Adds tags to an asset and removes others. Reads the asset first: a change by somebody else is not lost. */
export const changeTags =
  (add: readonly string[], remove: readonly string[]): Change =>
  async (item) => {
    const { asset: before, etag } = await readAsset(item.id)
    const tags = [...new Set([...before.tags.filter((tag) => !remove.includes(tag)), ...add])]
    const header = { 'If-Match': etag }
    const { asset } = await ask(
      api.PATCH('/api/assets/{assetId}', { params: { ...pathOf(item), header }, body: { tags } }),
    )
    return asset
  }

/** Deletes an asset and its files. */
export const removeAsset: Change = async ({ id }) => {
  await deleteAsset(id)
  return null
}
