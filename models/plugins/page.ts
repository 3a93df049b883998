import type { mongo } from 'mongoose'

/** A stable order: one field, then the id in the same direction. */
export interface Order {
  field: string
  direction: 1 | -1
}

/** Where a page ends: the values of its last item in the order. */
export type Position = readonly [value: unknown, id: mongo.BSON.ObjectId]

/** What follows a position in an order, as a filter that an index on field and id can serve. */
export function afterPosition({ field, direction }: Order, [value, id]: Position) {
  const [beyond, fromHere] = direction === 1 ? ['$gt', '$gte'] : ['$lt', '$lte']
  return {
    [field]: { [fromHere]: value },
    $or: [{ [field]: { [beyond]: value } }, { _id: { [beyond]: id } }],
  }
}

export const sortBy = ({ field, direction }: Order) => ({ [field]: direction, _id: direction })

/**
 * The page out of what was found from a position on, and where the next one begins.
 *
 * @param found one more than the page holds, if there is one: it tells that there is a next page
 */
export function toPage<T extends { _id: mongo.BSON.ObjectId }>(
  found: T[],
  { field }: Order,
  limit: number,
): { items: T[]; next: Position | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: last && found.length > limit ? [last[field as keyof T], last._id] : null }
}
