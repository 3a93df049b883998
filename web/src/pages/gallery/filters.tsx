import { useSession } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Checkbox } from '../../design/field.tsx'
import { text } from '../../text.ts'
import {
  FACETS,
  type Facet,
  hasFilters,
  SCOPES,
  type SearchState,
  toggle,
  withoutFilters,
} from './search-state.ts'
import type { Counts } from './use-assets.ts'

interface Props {
  search: SearchState
  counts: Counts | undefined
  onChange: (search: SearchState) => void
}

/** The scope and the filters beside the assets. A value that is chosen stays in its list, even with no asset. */
export function Filters({ search, counts, onChange }: Props) {
  const { token } = useSession()
  return (
    <div class="filters">
      {token && (
        <fieldset>
          <legend>{text.gallery.scope}</legend>
          {SCOPES.map((scope) => (
            <label key={scope} class="check">
              <input
                type="radio"
                name="scope"
                checked={search.scope === scope}
                onChange={() => onChange({ ...search, scope })}
              />
              <span>{text.gallery.scopes[scope]}</span>
            </label>
          ))}
        </fieldset>
      )}
      {FACETS.map((name) => (
        <Values key={name} name={name} search={search} counts={counts} onChange={onChange} />
      ))}
      {hasFilters(search) && (
        <Button wide onClick={() => onChange(withoutFilters(search))}>
          {text.gallery.clear}
        </Button>
      )}
    </div>
  )
}

function Values({ name, search, counts, onChange }: Props & { name: Facet }) {
  const found = counts?.facets[name] ?? []
  const chosen = search[name].filter((value) => !found.some((one) => one.value === value))
  const values = [...found, ...chosen.map((value) => ({ value, count: 0 }))]
  // one value that all assets have is no choice
  if (values.length === 0 || (values.length === 1 && search[name].length === 0 && name === 'visibility'))
    return null
  return (
    <fieldset>
      <legend>{text.gallery.facets[name]}</legend>
      {values.map(({ value, count }) => (
        <Checkbox
          key={value}
          label={
            <>
              <span class="value">{name === 'tag' ? value : (text.gallery.values[value] ?? value)}</span>
              <span class="soft count">{count.toLocaleString('en')}</span>
            </>
          }
          checked={search[name].includes(value)}
          onChange={() => onChange(toggle(search, name, value))}
        />
      ))}
    </fieldset>
  )
}
