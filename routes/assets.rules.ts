import { body, query } from 'express-validator'
import { DESCRIPTION, NAME, SIGNED_URL, TAG, TAGS, VISIBILITIES } from '../models/asset.ts'
import { SCOPES, SORT_NAMES } from '../models/asset-search.ts'
import { ASSET_TYPES, MEDIA } from '../models/media.ts'
import { choice, flag, moment, tagList, wholeNumber } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { nameField, text, textField } from './rules/text.ts'

const ANY = { values: 'falsy' } as const
/** Of the searched words, in characters: more words do not find other assets. */
export const SEARCH_TEXT = { max: 500 }

const described = () => [
  nameField(body('name').optional(), NAME),
  textField(body('description').optional(), { ...DESCRIPTION, min: 0, lines: true }),
  choice(body('type').optional(), ASSET_TYPES),
  tagList(body('tags').optional(), { ...TAGS, each: TAG }),
  choice(body('visibility').optional(), VISIBILITIES),
]

export const create = described()
export const update = described()

export const remove = [flag(query('force').optional(ANY))]

/** Of every route that sends a file. */
export const bytes = [flag(query('inline').optional(ANY))]

export const signedUrl = [
  text(query('file').optional(ANY)),
  text(query('image').optional(ANY))
    .custom((_value, { req }) => !req.query?.file)
    .withMessage('cannot be given with file'),
  wholeNumber(query('expiresIn').optional(ANY), { min: 1, max: SIGNED_URL.maxExpiry }),
]

export const search = [
  textField(query('q').optional(ANY), SEARCH_TEXT),
  choice(query('scope').optional(ANY), SCOPES),
  choice(query('type').optional(ANY), ASSET_TYPES),
  choice(query('media').optional(ANY), MEDIA),
  tagList(query('tag').optional(ANY), { ...TAGS, each: TAG }),
  text(query('owner').optional(ANY)),
  choice(query('visibility').optional(ANY), VISIBILITIES),
  ...['minSize', 'maxSize'].map((field) => wholeNumber(query(field).optional(ANY), { min: 0 })),
  ...['createdAfter', 'updatedAfter'].map((field) => moment(query(field).optional(ANY), 'start')),
  ...['createdBefore', 'updatedBefore'].map((field) => moment(query(field).optional(ANY), 'end')),
  choice(query('sort').optional(ANY), SORT_NAMES)
    .bail()
    .custom((sort: string, { req }) => sort !== 'relevance' || Boolean(req.query?.q))
    .withMessage('relevance needs q'),
  ...page(),
  flag(query('facets').optional(ANY)),
  flag(query('count').optional(ANY)),
]
