import { FILE_VARIABLES } from './file-variables.ts'
import { PASSWORDS, variables } from './variables.ts'

type Environment = Record<string, string | undefined>

const QUOTE = `["'\u0060\u2018\u2019\u201c\u201d]`
const BLANK = '[\\s\\p{Cc}\\p{Cf}]'
const atAnEnd = (characters: string) => new RegExp(`^${characters}|${characters}$`, 'u')

/** Characters that are refused at the ends of a value, and what the error calls them. */
const REFUSED: [characters: RegExp, name: string][] = [
  [atAnEnd(QUOTE), 'a quote'],
  [atAnEnd(BLANK), 'a blank, a line end or an invisible character'],
]

/**
 * Returns an environment without the values that begin or end with a quote or a blank. Adds a sentence to `errors` for
 * each: `docker --env-file` and files of Kubernetes secrets keep them, and the value then fails only when it is used.
 * Passwords can contain any character.
 */
export function refuseEnds(environment: Environment, errors: string[]): Environment {
  const values = { ...environment }
  for (const name of [...Object.keys(variables), ...FILE_VARIABLES]) {
    const value = values[name]
    if (value === undefined || PASSWORDS.has(name)) continue
    const [, refused] = REFUSED.find(([characters]) => characters.test(value)) ?? []
    if (!refused) continue
    errors.push(`${name} must not begin or end with ${refused}; remove it`)
    delete values[name]
  }
  return values
}
