import minus from 'lucide-static/icons/circle-minus.svg'
import { useState } from 'preact/hooks'
import { Checkbox } from '../../design/field.tsx'
import { Icon } from '../../design/icon.tsx'
import { text } from '../../text.ts'
import { nameOfValue } from './filter-names.ts'
import { type Facet, type SearchState, toggle } from './search-state.ts'
import type { Counts } from './use-assets.ts'

/** Values that a list shows at first. */
const SHORT = 8

interface Props {
  name: Facet
  search: SearchState
  counts: Counts | null | undefined
  onChange: (search: SearchState) => void
}

/** The values of a filter with their counts. A value in use stays in the list, even with no asset. */
export function Values({ name, search, counts, onChange }: Props) {
  const [isWhole, setWhole] = useState(false)
  const found = counts?.facets[name] ?? []
  const excluded = name === 'tag' ? search.tagNot : []
  const used = [...search[name], ...excluded]
  const others = used.filter((value) => !found.some((one) => one.value === value))
  const values = [...found, ...others.map((value) => ({ value, count: 0 }))]
  // one visibility that all assets have is no choice
  const isChoice = name !== 'visibility' || values.length > 1 || used.length > 0
  if (values.length === 0 || !isChoice) return null
  const shown = values.filter(({ value }, index) => isWhole || index < SHORT || used.includes(value))
  return (
    <fieldset>
      <legend>{text.gallery.facets[name]}</legend>
      {shown.map(({ value, count }) => (
        <div key={value} class={`choice${excluded.includes(value) ? ' excluded' : ''}`}>
          <Checkbox
            label={
              <>
                <span class="value">{nameOfValue(name, value)}</span>
                <span class="soft count">{count.toLocaleString('en')}</span>
              </>
            }
            checked={search[name].includes(value)}
            onChange={() => onChange(toggle(search, name, value))}
          />
          {name === 'tag' && (
            <button
              type="button"
              class="exclude"
              title={text.gallery.without(value)}
              aria-label={text.gallery.without(value)}
              aria-pressed={excluded.includes(value)}
              onClick={() => onChange(toggle(search, 'tagNot', value))}
            >
              <Icon shapes={minus} size={16} />
            </button>
          )}
        </div>
      ))}
      {values.length > SHORT && (
        <button type="button" class="link" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? text.gallery.showFewer : text.gallery.showAll(values.length)}
        </button>
      )}
    </fieldset>
  )
}
