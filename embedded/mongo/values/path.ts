import { isDoc, own } from './types.ts'

export const isPosition = (part: string) => /^(0|[1-9]\d*)$/.test(part)

/**
 * Walks a dotted path the way a filter does: arrays on the way are searched element by element, and also
 * by position. `visit` gets every value at the end (`undefined` for a missing one) and whether it stands for itself
 * alone, not for its elements: one that was addressed by position does. Its `true` ends the walk.
 */
export function reach(
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
    if (position >= 0 && position < value.length && reach(value[position], parts, at + 1, visit, true))
      return true
    return value.some((element) => isDoc(element) && reach(element, parts, at, visit))
  }
  return isDoc(value) ? reach(own(value, part), parts, at + 1, visit) : visit(undefined, false)
}
