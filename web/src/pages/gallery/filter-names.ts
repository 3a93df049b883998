import { formatBytes, formatDay } from '../../lib/format.ts'
import { text } from '../../text.ts'
import type { Chosen, Facet } from './search-state.ts'

/** Returns a value of a filter for people. */
export function nameOfValue(filter: Facet, value: string): string {
  if (filter === 'ext') return value.toUpperCase()
  const isFixed = filter === 'type' || filter === 'media' || filter === 'visibility'
  return isFixed ? (text.gallery.values[value] ?? value) : value
}

/** Returns a filter in use for people: `Without wood`, `At least 2 MB`. */
export function nameOfFilter({ name, value }: Chosen): string {
  switch (name) {
    case 'locked':
    case 'untagged':
      return text.gallery.flags[name]
    case 'minSize':
    case 'maxSize':
      return text.gallery.bounds[name](formatBytes(Number(value)))
    case 'createdAfter':
    case 'createdBefore':
    case 'updatedAfter':
    case 'updatedBefore':
      return text.gallery.bounds[name](formatDay(`${value}T00:00`))
    case 'tagNot':
      return text.gallery.without(value)
    case 'tagAny':
      return text.gallery.anyOf(value)
    default:
      return nameOfValue(name, value)
  }
}
