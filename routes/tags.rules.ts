import { TAG } from '../models/asset.ts'
import { SCOPES } from '../models/asset-criteria.ts'
import { checked, optionalParameter, rules } from './rules/define.ts'
import { choice, tagList } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { textField } from './rules/text.ts'

export const list = rules({
  query: {
    q: optionalParameter(textField({ min: 0, max: TAG.max, trims: true })),
    scope: optionalParameter(choice(SCOPES)),
    ...page(),
  },
})

/** One tag. */
export const rename = rules({
  body: { tag: checked(tagList({ max: 1, each: TAG }), (tags) => tags.length === 1, 'must be one tag') },
})
