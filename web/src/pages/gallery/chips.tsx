import close from 'lucide-static/icons/x.svg'
import { Icon } from '../../design/icon.tsx'
import { text } from '../../text.ts'
import { nameOfFilter } from './filter-names.ts'
import { chosenFilters, type SearchState, withoutFilters } from './search-state.ts'

/** The filters in use, each with a button that removes it. */
export function Chips({
  search,
  onChange,
}: {
  search: SearchState
  onChange: (search: SearchState) => void
}) {
  const chosen = chosenFilters(search)
  return (
    <div class="chips">
      {chosen.map((filter) => (
        <button
          key={`${filter.name} ${filter.value}`}
          type="button"
          class="chip"
          aria-label={text.gallery.remove(nameOfFilter(filter))}
          onClick={() => onChange(filter.without)}
        >
          <span>{nameOfFilter(filter)}</span>
          <Icon shapes={close} size={16} />
        </button>
      ))}
      {chosen.length > 1 && (
        <button type="button" class="chip plain" onClick={() => onChange(withoutFilters(search))}>
          {text.gallery.clear}
        </button>
      )}
    </div>
  )
}
