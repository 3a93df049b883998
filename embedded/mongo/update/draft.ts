import { pathNotViable } from '../errors.ts'
import { isPosition, valueAt } from '../values/path.ts'
import { type Doc, isDoc, own } from '../values/types.ts'

const LONGEST_PADDING = 1_500_000

type Container = Doc | unknown[]

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
    this.#root = this.#copyOf(this.#root) as Doc
    let container: Container = this.#root
    for (const part of path.slice(0, -1)) {
      const current = Array.isArray(container) ? container[Number(part)] : own(container, part)
      if (current !== undefined && !isDoc(current) && !Array.isArray(current))
        throw pathNotViable(
          `Cannot create field '${path.at(-1)}' in element {${part}: ${JSON.stringify(current)}}`,
        )
      const next = this.#copyOf(current ?? {})
      put(container, part, next, path)
      container = next
    }
    put(container, path.at(-1) ?? '', value, path)
  }

  #copyOf(container: Container): Container {
    if (this.#copies.has(container)) return container
    const copy = Array.isArray(container) ? [...container] : { ...container }
    this.#copies.add(copy)
    return copy
  }
}

function put(container: Container, part: string, value: unknown, path: readonly string[]): void {
  if (!Array.isArray(container)) {
    if (part === '__proto__') throw pathNotViable(`The update path '${path.join('.')}' is not allowed`)
    container[part] = value
    return
  }
  if (!isPosition(part))
    throw pathNotViable(`Cannot create field '${part}' in an element of the array at ${path.join('.')}`)
  if (Number(part) - container.length > LONGEST_PADDING)
    throw pathNotViable(`can't backfill more than ${LONGEST_PADDING} elements`)
  while (container.length < Number(part)) container.push(null)
  container[Number(part)] = value
}
