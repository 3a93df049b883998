import type { Asset } from '../../../api/client.ts'
import { queries } from '../../../api/query.ts'

/** Reads the asset and the lists again after a change. Returns when the page shows the changed asset. */
export async function afterChange({ id }: Pick<Asset, 'id'>): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['asset', id] }),
    queries.invalidateQueries({ queryKey: ['assets'] }),
  ])
}
