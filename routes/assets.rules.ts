import { DESCRIPTION, LICENSE, NAME, SIGNED_URL, SOURCE, TAG, TAGS, VISIBILITIES } from '../models/asset.ts'
import { SCOPES } from '../models/asset-criteria.ts'
import { MAX_EXTENSION_CHARACTERS } from '../models/asset-keys.ts'
import { MATCHES, SORT_NAMES } from '../models/asset-search.ts'
import { ASSET_TYPES, MEDIA } from '../models/media.ts'
import { USERNAME } from '../models/user.ts'
import { faultOfQuery, MAX_QUERY_CHARACTERS } from '../models/words/query.ts'
import {
  checked,
  clearable,
  type Field,
  nullable,
  optional,
  optionalParameter,
  rules,
  searchParameter,
} from './rules/define.ts'
import { choice, flag, moment, tagList, wholeNumber } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { choices, several, texts } from './rules/several.ts'
import { nameField, text, textField } from './rules/text.ts'

/** Length of the searched text, in characters. */
export const SEARCH_TEXT = { max: MAX_QUERY_CHARACTERS }

/** Most values of a filter that can be repeated. */
export const MAX_VALUES = 50
/** Most hashes of files in a search. */
export const MAX_HASHES = 100

/** The address of a web page. */
const source: Field<string> = checked(
  textField(SOURCE),
  (value) => /^https?:\/\/\S+$/i.test(value) && URL.canParse(value),
  'must be an http or https address',
)

/** Fields of an asset that users can set, each made optional by a function. */
const fieldsOf = <Optional extends typeof optional>(given: Optional) => ({
  name: given(nameField(NAME)),
  description: given(textField({ ...DESCRIPTION, min: 0, lines: true })),
  type: given(choice(ASSET_TYPES)),
  tags: given(tagList({ ...TAGS, each: TAG })),
  visibility: given(choice(VISIBILITIES)),
})

/** Fields of an asset that users can set. */
export const described = {
  ...fieldsOf(optional),
  license: nullable(nameField(LICENSE)),
  source: nullable(source),
}

export const create = rules({ body: described })
/** The same fields in the query, for an upload whose body is a file. */
export const createFromBytes = rules({
  query: {
    ...fieldsOf(optionalParameter),
    license: optionalParameter(nameField(LICENSE)),
    source: optionalParameter(source),
  },
})
/** Empty fields of a form are absent, but these are cleared. */
export const update = rules({
  body: {
    ...described,
    description: clearable(textField({ ...DESCRIPTION, min: 0, lines: true }), ''),
    tags: clearable(tagList({ ...TAGS, each: TAG }), []),
    // null: detected from the files
    type: nullable(choice(ASSET_TYPES)),
    media: nullable(choice(MEDIA)),
  },
  empty: { keep: ['description', 'tags'] },
})

/** Whether the URLs in an answer are signed. */
const signed = optionalParameter(flag())
export const read = rules({ query: { signed } })

export const force = optionalParameter(flag())
export const remove = rules({ query: { force } })

/** Input of every route that sends a file. */
export const bytes = rules({
  query: { inline: optionalParameter(flag()), download: optionalParameter(flag()) },
})

export const signedUrl = rules({
  query: {
    file: optionalParameter(text()),
    image: optionalParameter(
      checked(text(), (_value, { req }) => !req.query?.file, 'cannot be given with file'),
    ),
    all: optionalParameter(
      checked(
        flag(),
        (all, { req }) => !all || !(req.query?.file || req.query?.image),
        'cannot be given with file or image',
      ),
    ),
    expiresIn: optionalParameter(wholeNumber({ min: 1, max: SIGNED_URL.maxExpiry })),
    download: optionalParameter(flag()),
  },
})

/** Input of a signed URL. The signature says whether it is a download, so `inline` cannot change that. */
export const signedBytes = rules({
  query: {
    inline: optionalParameter(
      checked(flag(), (inline) => inline, 'must be 1; sign the URL with download=1 to get an attachment'),
    ),
  },
})

export const suggest = rules({ query: { q: searchParameter(textField(SEARCH_TEXT)) } })

/** A search text. */
const searchText = (): Field<string> => (chain) =>
  textField({ ...SEARCH_TEXT, trims: true })(chain)
    .custom((value: string) => faultOfQuery(value) === null)
    .withMessage((value: string) => faultOfQuery(value) ?? '')
    .bail()

const lower = (value: string) => value.toLowerCase()

/** Filters for equality. Those that take several values match any of them, but for `tag` (all) and `tagNot` (none). */
const filters = {
  type: optionalParameter(choices(ASSET_TYPES)),
  media: optionalParameter(choices(MEDIA)),
  ext: optionalParameter(
    several({
      max: MAX_VALUES,
      expected: `a file extension without the dot, of 1 to ${MAX_EXTENSION_CHARACTERS} characters`,
      isValid: (value) => /^[^.\s/\\\p{C}]+$/u.test(value) && value.length <= MAX_EXTENSION_CHARACTERS,
      normalize: lower,
    }),
  ),
  mediaType: optionalParameter(
    several({
      max: MAX_VALUES,
      expected: 'a media type, as model/gltf-binary',
      isValid: (value) => /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(value),
      normalize: lower,
    }),
  ),
  visibility: optionalParameter(choices(VISIBILITIES)),
  license: optionalParameter(texts(MAX_VALUES, LICENSE.max)),
  sha256: optionalParameter(
    several({
      max: MAX_HASHES,
      expected: 'a SHA-256 in 64 hex digits',
      isValid: (value) => /^[\da-f]{64}$/.test(value),
      normalize: lower,
    }),
  ),
  tag: optionalParameter(tagList({ ...TAGS, each: TAG })),
  tagAny: optionalParameter(tagList({ ...TAGS, each: TAG })),
  tagNot: optionalParameter(tagList({ ...TAGS, each: TAG })),
  owner: optionalParameter(texts(MAX_VALUES, USERNAME.max)),
  untagged: optionalParameter(flag()),
  locked: optionalParameter(flag()),
}

export const search = rules({
  query: {
    q: searchParameter(searchText()),
    match: optionalParameter(choice(MATCHES)),
    scope: optionalParameter(choice(SCOPES)),
    ...filters,
    minSize: optionalParameter(wholeNumber({ min: 0 })),
    maxSize: optionalParameter(wholeNumber({ min: 0 })),
    createdAfter: optionalParameter(moment('start')),
    updatedAfter: optionalParameter(moment('start')),
    createdBefore: optionalParameter(moment('end')),
    updatedBefore: optionalParameter(moment('end')),
    sort: optionalParameter(
      checked(
        choice(SORT_NAMES),
        (sort, { req }) => sort !== 'relevance' || Boolean(req.query?.q),
        'relevance needs q',
      ),
    ),
    ...page(),
    facets: optionalParameter(flag()),
    count: optionalParameter(flag()),
    signed,
  },
})
