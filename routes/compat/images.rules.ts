import { rules } from '../rules/define.ts'
import { LIMIT, page } from '../rules/page.ts'

/** Clients of the former images service read one page. */
export const list = rules({ query: page(LIMIT.max) })
