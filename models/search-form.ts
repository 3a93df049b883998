/**
 * The form in which all assets are stored:
 * `fields`: searches compare the fields of the assets, and words by the former text index;
 * `keys`: searches compare keys, and words by the former text index;
 * `words`: searches compare keys, of words too.
 */
export type SearchForm = 'fields' | 'keys' | 'words'

let form: SearchForm = 'words'
/** Reads the form again. Missing when it can no longer change. */
let readForm: (() => Promise<SearchForm>) | undefined

/** Returns the form by which searches find all assets. New assets have this form and the later ones. */
export const searchForm = (): SearchForm => form

/**
 * Sets the form after the schema version of the database was read.
 *
 * @param read reads the form again while a migration can change it
 */
export function setSearchForm(value: SearchForm, read?: () => Promise<SearchForm>): void {
  form = value
  readForm = value === 'words' ? undefined : read
}

/**
 * Reads the form again until the migration is complete: a process that knows this does not write what searches by the
 * former text index read, so that no other process can search by it any more.
 */
export async function refreshSearchForm(): Promise<void> {
  const read = readForm
  const value = await read?.()
  // another call can have read a later form
  if (value && readForm === read) setSearchForm(value, read)
}
