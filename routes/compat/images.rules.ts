import { rules } from '../rules/define.ts'
import { LIMIT, page } from '../rules/page.ts'

/** Clients of the earlier images service read only the first page, so it is as long as possible. */
export const list = rules({ query: page(LIMIT.max) })
