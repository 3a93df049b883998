import { TAG, TAGS } from '../models/asset.ts'
import { SCOPES } from '../models/asset-criteria.ts'
import { checked, optionalParameter, rules, searchParameter } from './rules/define.ts'
import { choice, tagList } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { textField } from './rules/text.ts'

export const list = rules({
  query: {
    q: searchParameter(textField({ max: TAG.max, trims: true })),
    scope: optionalParameter(choice(SCOPES)),
    ...page(),
  },
})

/** One tag. */
export const rename = rules({
  body: { tag: checked(tagList({ ...TAGS, each: TAG }), (tags) => tags.length === 1, 'must be one tag') },
})
