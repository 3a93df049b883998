import { optionalParameter, rules } from './rules/define.ts'
import { page } from './rules/page.ts'
import { text } from './rules/text.ts'

const { limit } = page()

export const list = rules({ query: { since: optionalParameter(text()), limit } })
