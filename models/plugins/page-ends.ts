import type { Order } from './page.ts'
import { Remembered } from './remembered.ts'

/** A filter of one field that bounds the range of an index. */
type Bound = Record<string, { $gte?: unknown; $lte?: unknown }>

/**
 * Remembers where pages ended, so that reading the same page again examines only about as many documents as the page
 * holds. Some engines cannot read an index in the order of a sort: they would read and sort every matching document.
 *
 * The end is only a hint. A document between the beginning and the remembered end is on the page, so a full page within
 * the end is the right one, also after new documents were stored. When documents were deleted or moved behind the end,
 * the page is not full, and it is read again without the hint.
 */
export class PageEnds {
  readonly #ends = new Remembered<unknown>()

  /**
   * Reads a page.
   *
   * @param page identifies the filter, order and beginning of the page
   * @param count number of documents of a full page
   * @param find reads the first `count` documents in this order that match the bound too
   */
  async read<T extends object>(
    page: string,
    { field, direction }: Order,
    count: number,
    find: (bound: Bound) => Promise<T[]>,
  ): Promise<T[]> {
    const end = this.#ends.get(page)
    let found =
      end === undefined ? [] : await find({ [field]: direction === 1 ? { $lte: end } : { $gte: end } })
    if (found.length < count) found = await find({})
    if (found.length === count) this.#ends.set(page, found.at(-1)?.[field as keyof T])
    else this.#ends.delete(page)
    return found
  }
}
