import { distance } from 'fastest-levenshtein'
import { FILE_VARIABLES } from './file-variables.ts'
import { variables } from './variables.ts'

type Environment = Record<string, string | undefined>

/** All variables that the service reads. */
const KNOWN: readonly string[] = [...Object.keys(variables), ...FILE_VARIABLES]

const PREFIX = 'KURA_'
/** Variables that Kubernetes sets in every container beside a service named `kura`. */
const OF_KUBERNETES = /^KURA_(SERVICE_(HOST|PORT)|PORT_\d+_)/

/**
 * Returns a sentence for each variable that is set but unknown, and probably meant for Kura: its name begins with `KURA_`
 * or resembles a known name. The sentences do not contain values, which can be secret.
 */
export function unknownVariables(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || KNOWN.includes(name) || isOfKubernetes(name, value)) return []
    const [, withoutFile = ''] = /^(.+)_FILE$/.exec(name) ?? []
    if (withoutFile in variables) return `${name} has no effect: ${withoutFile} cannot come from a file.`
    const meant = similarTo(name)
    if (meant) return `${name} is not a variable of Kura and has no effect. Did you mean ${meant}?`
    return name.startsWith(PREFIX) ? `${name} is not a variable of Kura and has no effect.` : []
  })
}

const isOfKubernetes = (name: string, value: string) =>
  OF_KUBERNETES.test(name) || (name === 'KURA_PORT' && value.includes('://'))

/** Returns the known name that a name resembles. */
function similarTo(name: string): string | undefined {
  const upper = name.toUpperCase()
  const forms = upper.startsWith(PREFIX) ? [upper, upper.slice(PREFIX.length)] : [upper]
  return KNOWN.find((known) => forms.some((form) => isSimilar(form, known)))
}

/** Two names are similar if few characters differ, or if the same characters are in another order. */
function isSimilar(name: string, known: string): boolean {
  const differing = known.length < SHORT ? 1 : 2
  return distance(name, known) <= differing || sorted(name) === sorted(known)
}

/** Length of a name from which two characters can differ. Shorter names would resemble `HOME` and `PATH`. */
const SHORT = 6

const sorted = (name: string) => [...name].sort().join('')
