import { ACCESS_LEVELS } from '../models/access-level.ts'
import { NAME } from '../models/user.ts'
import { clearable, type Field, rules, searchParameter } from './rules/define.ts'
import { boolean, choice } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { password } from './rules/password.ts'
import { preferences, profile } from './rules/profile.ts'
import { textField } from './rules/text.ts'

export const update = rules({ body: { ...profile, ...preferences } })

export const remove = rules({ body: { password: password() } })

export const activity = rules({ query: page() })

export const list = rules({ query: { q: searchParameter(textField({ ...NAME, trims: true })), ...page() } })

interface Space {
  /** In bytes; null for the default. */
  limit?: number | null
  fileLimit?: number | null
}

/** One rule for the whole object, because rules are for top-level fields. */
const space: Field<Space> = (chain) =>
  chain
    .custom(isSpace)
    .withMessage(
      'must be an object of limit (bytes) and fileLimit, each a whole number or null for the default',
    )

export const administer = rules({
  body: {
    access: clearable(choice(ACCESS_LEVELS), 'user'),
    disabled: clearable(boolean(), false),
    space: clearable(space, { limit: null, fileLimit: null }),
  },
})

function isSpace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { limit = null, fileLimit = null, ...others } = value as { limit?: unknown; fileLimit?: unknown }
  const isLimit = (one: unknown) => one === null || (Number.isSafeInteger(one) && Number(one) >= 0)
  return isLimit(limit) && isLimit(fileLimit) && Object.keys(others).length === 0
}
