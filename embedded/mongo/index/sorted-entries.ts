import sortedBTree from 'sorted-btree'

/** Node's import of this CommonJS module has the class in `default`; a loader that compiles to `require` has it directly. */
export const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

export const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Entries that are kept in an array. More are kept in a tree, which changes faster but needs more memory for few. */
const MAX_LISTED = 64

/** Values sorted by a text. */
export class SortedEntries<T> {
  /** Keys and values in turn. */
  #list: (string | T)[]
  #tree: InstanceType<typeof BTree<string, T>> | undefined

  /** Begins with one entry. */
  constructor(key: string, value: T) {
    this.#list = [key, value]
  }

  get isEmpty(): boolean {
    return this.#tree ? this.#tree.size === 0 : this.#list.length === 0
  }

  set(key: string, value: T): void {
    if (this.#tree) {
      this.#tree.set(key, value)
      return
    }
    const position = this.#positionOf(key)
    this.#list.splice(position, this.#list[position] === key ? 2 : 0, key, value)
    if (this.#list.length <= 2 * MAX_LISTED) return
    this.#tree = new BTree<string, T>(undefined, compareTexts)
    for (let i = 0; i < this.#list.length; i += 2)
      this.#tree.set(this.#list[i] as string, this.#list[i + 1] as T)
    this.#list = []
  }

  delete(key: string): void {
    if (this.#tree) {
      this.#tree.delete(key)
      return
    }
    const position = this.#positionOf(key)
    if (this.#list[position] === key) this.#list.splice(position, 2)
  }

  /** Returns the position of the first key that is not less. */
  #positionOf(key: string): number {
    let low = 0
    for (let high = this.#list.length / 2; low < high; ) {
      const middle = (low + high) >>> 1
      if ((this.#list[2 * middle] as string) < key) low = middle + 1
      else high = middle
    }
    return 2 * low
  }

  /**
   * Yields the values in ascending or descending order.
   *
   * @param low the least key
   * @param high greater than all keys; not given: no limit
   */
  *scan(low: string, high: string | undefined, direction: 1 | -1): Iterable<T> {
    if (!this.#tree) {
      const [begin, end] = [
        this.#positionOf(low),
        high === undefined ? this.#list.length : this.#positionOf(high),
      ]
      if (direction === 1) for (let i = begin; i < end; i += 2) yield this.#list[i + 1] as T
      else for (let i = end - 2; i >= begin; i -= 2) yield this.#list[i + 1] as T
      return
    }
    const entries = direction === 1 ? this.#tree.entries(low) : this.#tree.entriesReversed(high)
    for (const [key, value] of entries) {
      if (direction === 1 && high !== undefined && key >= high) return
      if (direction === -1 && key < low) return
      if (key !== high) yield value
    }
  }
}
