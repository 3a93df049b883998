import { useState } from 'preact/hooks'
import { useSession } from '../../api/session.ts'
import { Button } from '../../design/button.tsx'
import { Checkbox } from '../../design/field.tsx'
import { text } from '../../text.ts'
import {
  type Bound,
  DAYS,
  FLAGS,
  hasFilters,
  hasRareFilters,
  SCOPES,
  type SearchState,
  SIZES,
  withoutFilters,
} from './search-state.ts'
import type { Counts } from './use-assets.ts'
import { Values } from './values.tsx'

interface Props {
  search: SearchState
  /** undefined: being read; null: they cannot be read. */
  counts: Counts | null | undefined
  onChange: (search: SearchState) => void
}

const MEGABYTE = 1_000_000
/** Groups whose values are being counted. */
const WAITING = ['type', 'media', 'tag']

/** The scope and the filters beside the assets. */
export function Filters({ search, counts, onChange }: Props) {
  const { token } = useSession()
  // only at first: later the user opens and closes it
  const [isOpen] = useState(hasRareFilters(search))
  const common = { search, counts, onChange }
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
      {counts === undefined && WAITING.map((name) => <div key={name} class="skeleton" />)}
      <Values name="type" {...common} />
      <Values name="media" {...common} />
      <Values name="tag" {...common} />
      <Values name="visibility" {...common} />
      <details open={isOpen}>
        <summary>{text.gallery.moreFilters}</summary>
        <div class="filters">
          <Values name="ext" {...common} />
          <Values name="license" {...common} />
          <Values name="owner" {...common} />
          <Range title={text.gallery.size} names={SIZES} {...common} />
          <Range title={text.gallery.created} names={[DAYS[0], DAYS[1]]} {...common} />
          <Range title={text.gallery.changed} names={[DAYS[2], DAYS[3]]} {...common} />
          <fieldset>
            <legend>{text.gallery.only}</legend>
            {FLAGS.map((name) => (
              <Checkbox
                key={name}
                label={text.gallery.flags[name]}
                checked={search[name]}
                onChange={() => onChange({ ...search, [name]: !search[name] })}
              />
            ))}
          </fieldset>
        </div>
      </details>
      {hasFilters(search) && (
        <Button wide onClick={() => onChange(withoutFilters(search))}>
          {text.gallery.clear}
        </Button>
      )}
    </div>
  )
}

type RangeProps = Omit<Props, 'counts'> & { title: string; names: readonly [Bound, Bound] }

/** The lowest and the highest size or day. */
function Range({ title, names, ...rest }: RangeProps) {
  return (
    <fieldset class="range">
      <legend>{title}</legend>
      {names.map((name, index) => (
        <BoundField
          key={name}
          name={name}
          label={index === 0 ? text.gallery.from : text.gallery.to}
          isSize={names === SIZES}
          {...rest}
        />
      ))}
    </fieldset>
  )
}

interface BoundProps extends Omit<Props, 'counts'> {
  name: Bound
  label: string
  isSize: boolean
}

/**
 * The field of a bound. It keeps what is typed and not yet chosen when new counts arrive. Sizes are in megabytes here and
 * in bytes in the search.
 */
function BoundField({ name, label, isSize, search, onChange }: BoundProps) {
  const [typed, setTyped] = useState<string | null>(null)
  return (
    <label>
      <span>{label}</span>
      <input
        class="input"
        {...(isSize ? { type: 'number', min: 0, step: 'any', inputMode: 'decimal' } : { type: 'date' })}
        value={typed ?? (isSize && search[name] ? Number(search[name]) / MEGABYTE : search[name])}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onChange={({ currentTarget: { value, validity } }) => {
          if (!validity.valid) return
          setTyped(null)
          onChange({
            ...search,
            [name]: isSize && value ? String(Math.round(Number(value) * MEGABYTE)) : value,
          })
        }}
      />
    </label>
  )
}
