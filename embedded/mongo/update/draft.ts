import { pathNotViable } from '../errors.ts'
import { isPosition, valueAt } from '../values/path.ts'
import { type Doc, isDoc, own } from '../values/types.ts'

const LONGEST_PADDING = 1_500_000

/**
 * A document in the making. Only the containers on a changed path are copied, everything else is shared with
 * the original: documents are immutable, and indexes can tell by identity what did not change.
 */
export class Draft {
  #root: Doc
  readonly #copies = new Set<object>()

  constructor(original: Doc) {
    this.#root = original
  }

  /** The document as it stands; the original itself when nothing was changed. */
  get doc(): Doc {
    return this.#root
  }

  get(path: readonly string[]): unknown {
    return valueAt(this.#root, path)
  }

  /** Sets a value, making the documents on the way; through a scalar or a field name in an array it is refused (28). */
  set(path: readonly string[], value: unknown): void {
    const container = this.#containerOf(path, true)
    if (container) put(container, path.at(-1) ?? '', value, path)
  }

  /** Removes a field; an element of an array becomes null. */
  unset(path: readonly string[]): void {
    if (valueAt(this.#root, path) === undefined) return
    const container = this.#containerOf(path, false)
    const last = path.at(-1) ?? ''
    if (Array.isArray(container)) container[Number(last)] = null
    else if (container) delete container[last]
  }

  #containerOf(path: readonly string[], create: boolean): Doc | unknown[] | undefined {
    this.#root = this.#copyOf(this.#root) as Doc
    let container: Doc | unknown[] = this.#root
    for (const part of path.slice(0, -1)) {
      const current: unknown = Array.isArray(container) ? container[Number(part)] : own(container, part)
      const missing = current === undefined
      if (missing && !create) return undefined
      if (!missing && !isDoc(current) && !Array.isArray(current)) {
        throw pathNotViable(
          `Cannot create field '${path.at(-1)}' in element {${part}: ${JSON.stringify(current)}}`,
        )
      }
      const next: Doc | unknown[] = this.#copyOf(missing ? {} : current)
      put(container, part, next, path)
      container = next
    }
    return container
  }

  #copyOf(container: Doc | unknown[]): Doc | unknown[] {
    if (this.#copies.has(container)) return container
    const copy = Array.isArray(container) ? [...container] : { ...container }
    this.#copies.add(copy)
    return copy
  }
}

function put(container: Doc | unknown[], part: string, value: unknown, path: readonly string[]): void {
  if (!Array.isArray(container)) {
    if (part === '__proto__' || part === '')
      throw pathNotViable(`The update path '${path.join('.')}' is not allowed`)
    container[part] = value
    return
  }
  if (!isPosition(part)) {
    throw pathNotViable(
      `Cannot create field '${part}' in element {${path.join('.')}: ${JSON.stringify(container)}}`,
    )
  }
  if (Number(part) - container.length > LONGEST_PADDING)
    throw pathNotViable(`can't backfill more than ${LONGEST_PADDING} elements`)
  while (container.length < Number(part)) container.push(null)
  container[Number(part)] = value
}
