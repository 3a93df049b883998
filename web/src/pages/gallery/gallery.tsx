import { useCallback, useMemo, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { at } from '../../base.ts'
import { Button } from '../../design/button.tsx'
import { Dialog } from '../../design/dialog.tsx'
import { ErrorState, Notice } from '../../design/states.tsx'
import { useStored } from '../../lib/stored.ts'
import { useLazy } from '../../lib/use-lazy.ts'
import { usePage } from '../../shell/use-page.ts'
import { text } from '../../text.ts'
import { AssetList, CARD_SIZES } from './asset-list.tsx'
import type { Asked } from './bulk-dialog.tsx'
import { Chips } from './chips.tsx'
import { Empty } from './empty.tsx'
import { Filters } from './filters.tsx'
import { ListBar, VIEWS } from './list-bar.tsx'
import { hasFilters, parseSearch, type SearchState, toParameters } from './search-state.ts'
import { changeLists, useAssets, useCounts } from './use-assets.ts'
import { useSelectionKeys } from './use-list-keys.ts'
import { useRenewal } from './use-renewal.ts'
import { useSelection } from './use-selection.ts'

const loadSelectionBar = async () => (await import('./selection-bar.tsx')).SelectionBar

/** The assets that match the search in the address. */
export default function Gallery() {
  usePage(undefined)
  const { url, route } = useLocation()
  const query = url.split('?')[1] ?? ''
  const search = useMemo(() => parseSearch(query), [query])
  const [view, setView] = useStored('view', VIEWS)
  const [size, setSize] = useStored('size', CARD_SIZES)
  const [isFiltering, setFiltering] = useState(false)
  const [asked, ask] = useState<Asked | null>(null)
  const list = useAssets(search)
  const { data, error: uncounted, dataUpdatedAt: countedAt } = useCounts(search)
  const counts = data ?? (uncounted ? null : undefined)
  useRenewal(search, countedAt)
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const selection = useSelection(items, query)
  useSelectionKeys(selection, () => ask('delete'))
  // before the first choice, so that the bar appears at once
  const SelectionBar = useLazy(loadSelectionBar, items.length > 0)
  const [first] = list.data?.pages ?? []

  const show = (to: SearchState) => {
    const parameters = toParameters(to).toString()
    route(`${at('/')}${parameters && `?${parameters}`}`)
  }
  const { hasNextPage, isFetching, fetchNextPage } = list
  const readMore = useCallback(() => {
    if (hasNextPage && !isFetching) fetchNextPage()
  }, [hasNextPage, isFetching])
  const filters = <Filters search={search} counts={counts} onChange={show} />
  const length = !hasNextPage ? items.length : counts && !counts.totalIsMinimum ? counts.total : -1

  return (
    <main id="content" class="gallery">
      <h1 class="hidden-text">{text.gallery.title}</h1>
      <aside aria-label={text.gallery.filters}>{!isFiltering && filters}</aside>
      <section aria-label={text.gallery.title} class={selection.chosen.size > 0 ? 'selecting' : ''}>
        <ListBar
          search={search}
          counts={counts}
          view={view}
          size={size}
          onFilters={() => setFiltering(true)}
          onChange={show}
          onView={setView}
          onSize={setSize}
        />
        {hasFilters(search) && <Chips search={search} onChange={show} />}
        {SelectionBar && selection.chosen.size > 0 && (
          <SelectionBar
            items={[...selection.chosen.values()]}
            asked={asked}
            onAsk={ask}
            onClear={selection.clear}
            onDone={(done) => {
              changeLists(done)
              selection.drop(new Set([...done].flatMap(([id, asset]) => (asset ? [] : [id]))))
            }}
          />
        )}
        {first?.matched === 'any' && items.length > 0 && <Notice>{text.gallery.someWords}</Notice>}
        {first?.suggestion && (
          <p class="suggestion">
            {text.gallery.didYouMean}{' '}
            <button
              type="button"
              class="chip"
              onClick={() => first.suggestion && show({ ...search, q: first.suggestion })}
            >
              {first.suggestion}
            </button>
          </p>
        )}
        {list.error && items.length === 0 ? (
          <ErrorState error={list.error} onRetry={() => list.refetch()} />
        ) : first && items.length === 0 && !list.isPlaceholderData ? (
          <Empty search={search} onChange={show} />
        ) : (
          <AssetList
            items={items}
            length={length}
            view={view}
            size={size}
            selection={selection}
            isLoading={!first || list.isFetchingNextPage}
            isStale={list.isPlaceholderData}
            onEnd={readMore}
          />
        )}
        {list.error && items.length > 0 && <ErrorState error={list.error} onRetry={() => fetchNextPage()} />}
      </section>
      {isFiltering && (
        <Dialog title={text.gallery.filters} onClose={() => setFiltering(false)}>
          {filters}
          <div class="actions">
            <Button variant="primary" wide onClick={() => setFiltering(false)}>
              {counts
                ? text.gallery.showCount(counts.total, counts.totalIsMinimum ?? false)
                : text.gallery.showAssets}
            </Button>
          </div>
        </Dialog>
      )}
    </main>
  )
}
