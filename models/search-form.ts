/**
 * The form in which all assets are stored:
 * `fields`: searches compare the fields of the assets, and words by the former text index;
 * `keys`: searches compare keys, and words by the former text index;
 * `words`: searches compare keys, of words too.
 */
export type SearchForm = 'fields' | 'keys' | 'words'

let form: SearchForm = 'words'

/** Returns the form by which searches find all assets. New assets have this form and the later ones. */
export const searchForm = (): SearchForm => form

/** Sets the form after the schema version of the database was read. */
export function setSearchForm(value: SearchForm): void {
  form = value
}
