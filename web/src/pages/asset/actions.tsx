import type { Asset } from '../../api/client.ts'

interface Props {
  asset: Asset
  /** Of the answer that `asset` came with; a change sends it as `If-Match`. */
  etag: string
}

/** What can be done with the asset, below its name. After a change, invalidate the queries `['asset', id]` and `['assets']`. */
export function AssetActions(_: Props) {
  return null
}
