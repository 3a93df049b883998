import type { mongo } from 'mongoose'

/** A stable order: by one field, then by id in the same direction. */
export interface Order {
  field: string
  direction: 1 | -1
}

export const NEWEST = { field: 'createdAt', direction: -1 } as const satisfies Order

/** The end of a page: the field and the id of its last item. */
export type Position<Value = unknown> = readonly [value: Value, id: mongo.BSON.ObjectId]

/** Returns the filter of the items after a position. An index on field and id can serve it. */
export function afterPosition({ field, direction }: Order, [value, id]: Position) {
  const [beyond, fromHere] = direction === 1 ? ['$gt', '$gte'] : ['$lt', '$lte']
  return {
    [field]: { [fromHere]: value },
    $or: [{ [field]: { [beyond]: value } }, { _id: { [beyond]: id } }],
  }
}

export const sortBy = ({ field, direction }: Order) => ({ [field]: direction, _id: direction })

/**
 * Returns a page and the position of the next one.
 *
 * @param found the items after the last position, one more than the page can hold
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
