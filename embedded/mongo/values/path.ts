import { isDoc, own } from './types.ts'

export const isPosition = (part: string) => /^(0|[1-9]\d*)$/.test(part)

/**
 * Visits the values at a dotted path as a filter does: an array on the path is searched by element and by position.
 * `visit` gets each value (`undefined` if missing), and whether it was addressed by position, so that its elements do not
 * count. The walk ends when `visit` returns true.
 */
export function visitPath(
  value: unknown,
  parts: readonly string[],
  at: number,
  visit: (value: unknown, whole: boolean) => boolean,
  whole = false,
): boolean {
  const part = parts[at]
  if (part === undefined) return visit(value, whole)
  if (Array.isArray(value)) {
    const position = isPosition(part) ? Number(part) : -1
    if (position >= 0 && position < value.length && visitPath(value[position], parts, at + 1, visit, true))
      return true
    return value.some((element) => isDoc(element) && visitPath(element, parts, at, visit))
  }
  return isDoc(value) ? visitPath(own(value, part), parts, at + 1, visit) : visit(undefined, false)
}
