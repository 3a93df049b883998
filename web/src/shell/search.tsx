import { useQuery } from '@tanstack/preact-query'
import searchIcon from 'lucide-static/icons/search.svg'
import tagIcon from 'lucide-static/icons/tag.svg'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { api, ask } from '../api/client.ts'
import { at } from '../base.ts'
import { Icon } from '../design/icon.tsx'
import { isTyping } from '../lib/keys.ts'
import { text } from '../text.ts'

/** Time without a key after which a search begins, in milliseconds. */
const TYPING_MS = 200
/** Fewest characters for suggestions. */
const MIN_LENGTH = 2
const LIST_ID = 'suggestions'
const optionId = (index: number) => `${LIST_ID}-${index}`

/** Reads names and tags that begin like the words. A request for former words is cancelled. */
function useSuggestions(words: string, isOpen: boolean) {
  const isAsked = isOpen && words.length >= MIN_LENGTH
  const { data } = useQuery({
    queryKey: ['suggestions', words],
    queryFn: async ({ signal }) =>
      (await ask(api.GET('/api/assets/suggest', { params: { query: { q: words } }, signal }))).suggestions,
    enabled: isAsked,
    // the search works without suggestions
    retry: false,
    placeholderData: (before) => before,
  })
  return isAsked ? (data ?? []) : []
}

/**
 * The search box. In the gallery it searches while one types and keeps the filters; elsewhere Enter leads to the gallery.
 * A list suggests names and tags: the arrow keys choose one, Enter takes it, Escape closes the list. `/` moves the focus
 * into the box. It has no `aria-expanded`, which a searchbox cannot have: a status says how many suggestions there are.
 */
export function Search() {
  const { path, query, route } = useLocation()
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<number | undefined>(undefined)
  const [words, setWords] = useState('')
  const [isOpen, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const suggestions = useSuggestions(words, isOpen)
  const isGallery = path === at('/')
  const q = isGallery ? (query.q ?? '') : ''

  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = q
  }, [q])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event)) return
      event.preventDefault()
      input.current?.select()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  const close = () => {
    setOpen(false)
    setWords('')
    setActive(-1)
  }
  const show = (change: (parameters: URLSearchParams) => void, replace: boolean) => {
    clearTimeout(timer.current)
    const parameters = new URLSearchParams(isGallery ? location.search : '')
    change(parameters)
    const rest = parameters.toString()
    route(`${at('/')}${rest && `?${rest}`}`, replace)
  }
  const search = (replace: boolean) => {
    const typed = input.current?.value.trim() ?? ''
    show((parameters) => {
      if (typed) parameters.set('q', typed)
      else parameters.delete('q')
      if (!typed && parameters.get('sort') === 'relevance') parameters.delete('sort')
    }, replace)
  }
  const take = ({ kind, value }: (typeof suggestions)[number]) => {
    close()
    if (input.current) input.current.value = kind === 'name' ? value : ''
    if (kind === 'name') return search(false)
    show((parameters) => {
      parameters.delete('q')
      if (!parameters.getAll('tag').includes(value)) parameters.append('tag', value)
    }, false)
  }
  const onInput = () => {
    clearTimeout(timer.current)
    setActive(-1)
    // not later: Escape closes the list also if it is pressed before the search begins
    setOpen(true)
    timer.current = window.setTimeout(() => {
      setWords(input.current?.value.trim() ?? '')
      // one entry of the history for a search, not one for each key
      if (isGallery) search(Boolean(q))
    }, TYPING_MS)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const count = suggestions.length
    if (event.key === 'Escape' && count > 0) {
      // a second Escape empties the box
      event.preventDefault()
      close()
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    if (!isOpen) {
      setWords(input.current?.value.trim() ?? '')
      setOpen(true)
    } else if (count > 0) {
      const step = event.key === 'ArrowDown' ? 1 : -1
      // -1, the box itself, is between the last and the first
      setActive(((active + 1 + step + count + 1) % (count + 1)) - 1)
    }
  }
  const chosen = suggestions[active]
  const isShown = suggestions.length > 0
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen) return take(chosen)
          close()
          search(false)
        }}
      >
        <Icon shapes={searchIcon} />
        <input
          ref={input}
          class="input"
          type="search"
          name="q"
          aria-label={text.shell.search}
          aria-autocomplete="list"
          {...(isShown && { 'aria-controls': LIST_ID })}
          {...(chosen && { 'aria-activedescendant': optionId(active) })}
          placeholder={text.shell.searchHint}
          autocomplete="off"
          enterkeyhint="search"
          maxLength={500}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        <span class="key" aria-hidden="true">
          /
        </span>
        {isShown && (
          <div id={LIST_ID} class="suggestions" role="listbox" aria-label={text.shell.suggestions}>
            {suggestions.map((suggestion, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus and handles the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the box has the focus
              <div
                key={`${suggestion.kind} ${suggestion.value}`}
                id={optionId(index)}
                role="option"
                aria-selected={index === active}
                // the focus stays in the box
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => take(suggestion)}
              >
                <Icon shapes={suggestion.kind === 'tag' ? tagIcon : searchIcon} size={16} />
                <span class="value">{suggestion.value}</span>
                <span class="soft">{text.shell.suggestionKinds[suggestion.kind]}</span>
              </div>
            ))}
          </div>
        )}
        <p class="hidden-text" role="status">
          {isShown && text.shell.suggestionCount(suggestions.length)}
        </p>
      </form>
    </search>
  )
}
