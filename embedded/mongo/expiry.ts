import { findRecords } from './plan/find.ts'
import type { Catalog } from './storage/catalog.ts'

/** Removes what the TTL indexes say has expired. A date in an array counts by its earliest. */
export function removeExpired(catalog: Catalog, now = Date.now()): void {
  for (const collection of catalog.all()) {
    for (const { spec } of collection.indexes) {
      if (spec.expireAfterSeconds === undefined) continue
      const [field = ''] = Object.keys(spec.key)
      const limit = new Date(now - spec.expireAfterSeconds * 1000)
      const filter = { $and: [spec.partialFilterExpression ?? {}, { [field]: { $lte: limit } }] }
      for (const record of findRecords(collection, filter)) collection.remove(record)
    }
  }
}
