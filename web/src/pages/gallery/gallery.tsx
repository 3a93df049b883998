import globe from 'lucide-static/icons/globe.svg'
import grid from 'lucide-static/icons/layout-grid.svg'
import listIcon from 'lucide-static/icons/list.svg'
import searchX from 'lucide-static/icons/search-x.svg'
import filterIcon from 'lucide-static/icons/sliders-horizontal.svg'
import upload from 'lucide-static/icons/upload.svg'
import usersIcon from 'lucide-static/icons/users.svg'
import close from 'lucide-static/icons/x.svg'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { useSession } from '../../api/session.ts'
import { at } from '../../base.ts'
import { Button, ButtonLink } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { Select } from '../../design/field.tsx'
import { Icon } from '../../design/icon.tsx'
import { ErrorState, Notice, State } from '../../design/states.tsx'
import { useStored } from '../../lib/stored.ts'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'
import { AssetList } from './asset-list.tsx'
import { Filters } from './filters.tsx'
import {
  FACETS,
  hasFilters,
  parseSearch,
  type SearchState,
  toggle,
  toParameters,
  withoutFilters,
} from './search-state.ts'
import { SelectionBar } from './selection-bar.tsx'
import { useAssets, useCounts } from './use-assets.ts'
import { useSelection } from './use-selection.ts'

const VIEWS = ['grid', 'list'] as const

/** The assets that match the search in the address. */
export default function Gallery() {
  usePage(undefined)
  const { url, route } = useLocation()
  const query = url.split('?')[1] ?? ''
  const search = useMemo(() => parseSearch(query), [query])
  const [view, setView] = useStored('view', VIEWS)
  const [isFiltering, setFiltering] = useState(false)
  const list = useAssets(search)
  const { data: counts } = useCounts(search)
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const selection = useSelection(items)
  const [first] = list.data?.pages ?? []

  useEffect(() => selection.clear(), [query])
  const show = (to: SearchState) => {
    const parameters = toParameters(to).toString()
    route(`${at('/')}${parameters && `?${parameters}`}`)
  }
  const filters = <Filters search={search} counts={counts} onChange={show} />

  return (
    <main id="content" class="gallery">
      <h1 class="hidden-text">{text.gallery.title}</h1>
      <aside aria-label={text.gallery.filters}>{filters}</aside>
      <section aria-label={text.gallery.title} class={selection.chosen.size > 0 ? 'selecting' : ''}>
        <div class="bar-of-list">
          <p role="status">
            {counts ? text.gallery.count(counts.total, counts.totalIsMinimum ?? false) : text.loading}
          </p>
          <span class="filters-button">
            <Button icon={filterIcon} onClick={() => setFiltering(true)}>
              {text.gallery.showFilters}
            </Button>
          </span>
          <Select
            label={text.gallery.sort}
            value={search.sort}
            options={Object.entries(text.gallery.sorts).filter(([sort]) => search.q || sort !== 'relevance')}
            onChange={({ currentTarget }) => show({ ...search, sort: currentTarget.value })}
          />
          {VIEWS.map((one) => (
            <Button
              key={one}
              variant="ghost"
              square
              icon={one === 'grid' ? grid : listIcon}
              aria-pressed={view === one}
              onClick={() => setView(one)}
            >
              {text.gallery[one]}
            </Button>
          ))}
        </div>
        {hasFilters(search) && <Chips search={search} onChange={show} />}
        {selection.chosen.size > 0 && (
          <SelectionBar
            items={[...selection.chosen.values()]}
            onClear={selection.clear}
            onDone={(done, gone) => gone && selection.drop(done)}
          />
        )}
        {first?.matched === 'any' && items.length > 0 && <Notice>{text.gallery.someWords}</Notice>}
        {first?.suggestion && (
          <Suggestion suggestion={first.suggestion} onChoose={(q) => show({ ...search, q })} />
        )}
        {list.error ? (
          <ErrorState error={list.error} onRetry={() => list.refetch()} />
        ) : first && items.length === 0 ? (
          <Empty search={search} onClear={() => show(withoutFilters(search))} />
        ) : (
          <AssetList
            items={items}
            length={list.hasNextPage ? -1 : items.length}
            view={view}
            isLoading={!first || list.isFetchingNextPage}
            isStale={list.isPlaceholderData}
            selection={selection}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && list.fetchNextPage()}
          />
        )}
      </section>
      {isFiltering && (
        <Dialog title={text.gallery.filters} onClose={() => setFiltering(false)}>
          {filters}
        </Dialog>
      )}
    </main>
  )
}

/** The chosen filters, each with a button that removes it. */
function Chips({ search, onChange }: { search: SearchState; onChange: (search: SearchState) => void }) {
  return (
    <div class="chips">
      {FACETS.flatMap((name) =>
        search[name].map((value) => {
          const label = name === 'tag' ? value : (text.gallery.values[value] ?? value)
          return (
            <button
              key={`${name} ${value}`}
              type="button"
              class="chip"
              aria-label={text.gallery.remove(label)}
              onClick={() => onChange(toggle(search, name, value))}
            >
              {label}
              <Icon shapes={close} size={16} />
            </button>
          )
        }),
      )}
    </div>
  )
}

function Suggestion({ suggestion, onChoose }: { suggestion: string; onChoose: (q: string) => void }) {
  return (
    <p class="suggestion">
      {text.gallery.didYouMean}{' '}
      <button type="button" class="chip" onClick={() => onChoose(suggestion)}>
        {suggestion}
      </button>
    </p>
  )
}

/** What stands in place of the assets where there are none. */
function Empty({ search, onClear }: { search: SearchState; onClear: () => void }) {
  const { token } = useSession()
  if (search.q || hasFilters(search))
    return (
      <State icon={searchX} title={text.gallery.nothingFound}>
        <p class="soft">{text.gallery.nothingFoundHint}</p>
        {hasFilters(search) && <Button onClick={onClear}>{text.gallery.clear}</Button>}
      </State>
    )
  if (search.scope === 'shared') return <State icon={usersIcon} title={text.gallery.emptyShared} />
  if (!token || search.scope === 'public')
    return (
      <State icon={globe} title={text.gallery.emptyPublic}>
        {!token && (
          <>
            <p class="soft">{text.gallery.emptyPublicHint}</p>
            <ButtonLink variant="primary" href={at('/sign-in')}>
              {text.gallery.toSignIn}
            </ButtonLink>
          </>
        )}
      </State>
    )
  return (
    <State icon={upload} title={text.gallery.emptyTitle}>
      <p class="soft">{text.gallery.emptyHint}</p>
      <ButtonLink variant="primary" icon={upload} href={at('/upload')}>
        {text.shell.upload}
      </ButtonLink>
    </State>
  )
}
