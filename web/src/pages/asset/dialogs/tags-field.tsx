import { keepPreviousData, useQuery } from '@tanstack/preact-query'
import close from 'lucide-static/icons/x.svg'
import { useRef } from 'preact/hooks'
import { api, ask } from '../../../api/client.ts'
import { Icon } from '../../../design/icon.tsx'
import { useId } from '../../../lib/use-id.ts'
import { shareText } from '../../../share-text.ts'
import { addTags } from './edit-draft.ts'

/** Suggestions that are shown. */
const SHOWN = 6

interface Props {
  tags: string[]
  /** What is typed and is not a tag yet. */
  typed: string
  fault: string | undefined
  disabled: boolean
  onChange: (tags: string[], typed: string) => void
}

/** The tags of an asset, each with a button that removes it, and a field that adds tags. */
export function TagsField({ tags, typed, fault, disabled, onChange }: Props) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const remove = (tag: string) => {
    onChange(
      tags.filter((one) => one !== tag),
      typed,
    )
    input.current?.focus()
  }
  return (
    <div class="field">
      <label for={id}>{shareText.edit.tags}</label>
      <div class="input tags-input">
        {tags.length > 0 && (
          <ul aria-label={shareText.edit.tagList}>
            {tags.map((tag) => (
              <li key={tag} class="tag-chip">
                <span>{tag}</span>
                <button
                  type="button"
                  disabled={disabled}
                  aria-label={shareText.edit.removeTag(tag)}
                  onClick={() => remove(tag)}
                >
                  <Icon shapes={close} size={14} />
                </button>
              </li>
            ))}
          </ul>
        )}
        <input
          ref={input}
          id={id}
          value={typed}
          disabled={disabled}
          autocomplete="off"
          aria-describedby={`${id}-hint`}
          aria-invalid={Boolean(fault)}
          onInput={({ currentTarget: { value } }) => {
            const end = value.lastIndexOf(',')
            if (end < 0) onChange(tags, value)
            else onChange(addTags(tags, value.slice(0, end)), value.slice(end + 1).trimStart())
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && typed.trim()) {
              event.preventDefault()
              onChange(addTags(tags, typed), '')
            }
            if (event.key === 'Backspace' && !typed) onChange(tags.slice(0, -1), '')
          }}
        />
      </div>
      {!disabled && (
        <Suggestions
          typed={typed}
          tags={tags}
          onChoose={(tag) => {
            onChange(addTags(tags, tag), '')
            input.current?.focus()
          }}
        />
      )}
      <p id={`${id}-hint`} class={fault ? 'fault' : 'hint'}>
        {fault ?? shareText.edit.tagsHint}
      </p>
    </div>
  )
}

interface SuggestionsProps {
  typed: string
  tags: string[]
  onChoose: (tag: string) => void
}

/** Tags of own assets that begin with what is typed; without text the most used. */
function Suggestions({ typed, tags, onChoose }: SuggestionsProps) {
  const q = typed.trim().slice(0, 64)
  const { data } = useQuery({
    queryKey: ['tags', q],
    queryFn: ({ signal }) =>
      ask(api.GET('/api/tags', { params: { query: { scope: 'mine', limit: 20, ...(q && { q }) } }, signal })),
    placeholderData: keepPreviousData,
  })
  const found = (data?.tags ?? []).map(({ tag }) => tag).filter((tag) => !tags.includes(tag))
  if (found.length === 0) return null
  return (
    <fieldset class="proposals" aria-label={shareText.edit.suggestions}>
      {found.slice(0, SHOWN).map((tag) => (
        <button key={tag} type="button" class="chip" onClick={() => onChoose(tag)}>
          {tag}
        </button>
      ))}
    </fieldset>
  )
}
