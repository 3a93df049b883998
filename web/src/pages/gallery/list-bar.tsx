import grid from 'lucide-static/icons/layout-grid.svg'
import listIcon from 'lucide-static/icons/list.svg'
import filterIcon from 'lucide-static/icons/sliders-horizontal.svg'
import { Button } from '../../design/button.tsx'
import { Select } from '../../design/field.tsx'
import { text } from '../../text.ts'
import type { CardSize } from './asset-list.tsx'
import type { SearchState } from './search-state.ts'
import type { Counts } from './use-assets.ts'

export const VIEWS = ['grid', 'list'] as const
type View = (typeof VIEWS)[number]

/** Sizes from left to right. */
const SIZES = ['small', 'medium', 'large'] as const satisfies CardSize[]

interface Props {
  search: SearchState
  /** undefined: being read; null: they cannot be read. */
  counts: Counts | null | undefined
  view: View
  size: CardSize
  onFilters: () => void
  onChange: (search: SearchState) => void
  onView: (view: View) => void
  onSize: (size: CardSize) => void
}

/** The number of assets, and how they are sorted and shown. */
export function ListBar({ search, counts, view, size, onFilters, onChange, onView, onSize }: Props) {
  return (
    <div class="bar-of-list">
      <p role="status">
        {counts
          ? text.gallery.count(counts.total, counts.totalIsMinimum ?? false)
          : counts === undefined && text.loading}
      </p>
      <span class="filters-button">
        <Button icon={filterIcon} onClick={onFilters}>
          {text.gallery.showFilters}
        </Button>
      </span>
      <Select
        label={text.gallery.sort}
        value={search.sort}
        options={Object.entries(text.gallery.sorts).filter(([sort]) => search.q || sort !== 'relevance')}
        onChange={({ currentTarget }) => onChange({ ...search, sort: currentTarget.value })}
      />
      {view === 'grid' && (
        <input
          class="card-size"
          type="range"
          min={0}
          max={SIZES.length - 1}
          step={1}
          aria-label={text.gallery.cardSize}
          aria-valuetext={text.gallery.cardSizes[size]}
          title={text.gallery.cardSize}
          value={SIZES.indexOf(size)}
          onInput={({ currentTarget }) => onSize(SIZES[currentTarget.valueAsNumber] ?? 'medium')}
        />
      )}
      {VIEWS.map((one) => (
        <Button
          key={one}
          variant="ghost"
          square
          icon={one === 'grid' ? grid : listIcon}
          aria-pressed={view === one}
          onClick={() => onView(one)}
        >
          {text.gallery[one]}
        </Button>
      ))}
    </div>
  )
}
