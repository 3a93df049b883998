import { readAsset } from '../../api/assets.ts'
import { api, ask } from '../../api/client.ts'
import { toError } from '../../api/errors.ts'
import type { Item } from './use-assets.ts'

/** Requests that run at the same time. */
const PARALLEL = 4

export interface Outcome {
  /** Ids of the changed assets. */
  done: string[]
  failed: { item: Item; error: Error }[]
}

/**
 * Changes assets one by one, because the API has no route for many. An asset that cannot be changed does not stop the
 * others.
 *
 * @param onProgress called after each asset with the number of assets so far
 */
export async function applyToAll(
  items: Item[],
  change: (item: Item) => Promise<unknown>,
  onProgress: (count: number) => void,
): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] }
  const waiting = [...items]
  const work = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      try {
        await change(item)
        outcome.done.push(item.id)
      } catch (error) {
        outcome.failed.push({ item, error: toError(error) })
      }
      onProgress(outcome.done.length + outcome.failed.length)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return outcome
}

const pathOf = ({ id }: Item) => ({ path: { assetId: id } })

/** Makes an asset public or private. */
export const setVisibility = (visibility: 'public' | 'private') => (item: Item) =>
  ask(api.PATCH('/api/assets/{assetId}', { params: pathOf(item), body: { visibility } }))

/** Adds tags to an asset and removes others. Reads the asset first: its tags in the list can be old. */
export const changeTags =
  (add: readonly string[], remove: readonly string[]) =>
  async (item: Item): Promise<void> => {
    const { asset, etag } = await readAsset(item.id)
    const tags = [...new Set([...asset.tags.filter((tag) => !remove.includes(tag)), ...add])]
    const header = { 'If-Match': etag }
    await ask(api.PATCH('/api/assets/{assetId}', { params: { ...pathOf(item), header }, body: { tags } }))
  }
