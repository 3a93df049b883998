/**
 * `npm run docs:limits`: writes docs/limits.md, the table of every limit, from the code. A limit is a numeric constant
 * with a docblock, or a number with a docblock in a table of limits. The docblock is its description. A test checks that
 * the file is current.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as rates from '../config/rate-limits.ts'
import { variables } from '../config/variables.ts'
import * as asset from '../models/asset.ts'
import { PASSWORD } from '../models/password.ts'
import * as project from '../models/project.ts'
import * as user from '../models/user.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['app', 'config', 'controllers', 'middleware', 'models', 'routes']

/** Names of constants that are limits. */
const LIMIT_NAME =
  /(?:BYTES|_MS|MAX|MOST|LEAST|DEPTH|PARTS|POINTS|OPEN|ATTEMPTS|CHARACTERS|SECONDS|PER_|COUNT|DETAILS|PIXELS)/
/** Files whose object literals are tables of limits: each property with a docblock is a limit. */
const TABLES = new Set(['controllers/socket/limits.ts', 'config/rate-limits.ts', 'middleware/upload.ts'])

/** A docblock on one line or several, and the constant or property after it. */
const DECLARATION =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n *(?:(?:export )?const (\w+)(?:: [\w.<>]+)? = ([^\n{[`']+)|(\w+): ([^\n{[`']+),)\n/g
const CONSTANT = /^(?:export )?const ([A-Za-z_]\w*)(?:: \w+)? = ([^\n{[`']+)$/gm

interface Limit {
  name: string
  value: number
  text: string
  file: string
}

/** Returns the text of docs/limits.md. */
export async function limitsText(): Promise<string> {
  const limits = await readLimits()
  const rows = limits.map(
    ({ name, value, text, file }) => `| \`${name}\` | ${format(name, value)} | ${text} | \`${file}\` |`,
  )
  return [
    '# Limits',
    '',
    'Every limit of the service, generated from the code by `npm run docs:limits`.',
    '',
    '## Set by the operator',
    '',
    '| variable | default | |',
    '|---|---|---|',
    ...variableRows(),
    '',
    '## Fields',
    '',
    '| field | limit |',
    '|---|---|',
    ...fieldRows('asset', asset),
    ...fieldRows('user', { ...user, PASSWORD }),
    ...fieldRows('project', project),
    '',
    '## Rates and queues',
    '',
    '| name | limit |',
    '|---|---|',
    ...rateRows(),
    '',
    '## Fixed in the code',
    '',
    '| name | limit | | file |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function variableRows(): string[] {
  const declared = Object.entries(variables) as [string, { default?: unknown; desc?: string }][]
  return declared
    .filter(([name, one]) => typeof one.default === 'number' && name !== 'PORT')
    .map(([name, one]) => `| \`${name}\` | ${format(name, Number(one.default))} | ${one.desc} |`)
}

function rateRows(): string[] {
  const guesses = Object.entries(rates.PASSWORD_LIMITS).map(
    ([of, { points, duration }]) => `| wrong passwords, ${of} | ${points} in ${duration / 60} min |`,
  )
  // how many run at a time depends on the machine
  const queues = Object.entries(rates).flatMap(([name, queue]) =>
    typeof queue === 'object' && 'maxWaiting' in queue
      ? [`| ${name.toLowerCase().replaceAll('_', ' ')} | ${queue.maxWaiting} waiting |`]
      : [],
  )
  return [...guesses, ...queues]
}

function fieldRows(of: string, fields: Record<string, unknown>): string[] {
  return Object.entries(fields)
    .sort()
    .flatMap(([name, bounds]) => {
      const { min, max } = (bounds ?? {}) as { min?: unknown; max?: unknown }
      if (typeof max !== 'number') return []
      const field = `${of} ${name.toLowerCase().replaceAll('_', ' ')}`
      return [`| ${field} | ${typeof min === 'number' ? `${min} to ${max}` : `up to ${max}`} |`]
    })
}

async function readLimits(): Promise<Limit[]> {
  const files = (await Promise.all(FOLDERS.map(sourcesBelow))).flat().sort()
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')))
  const known = new Map<string, string>()
  for (const text of texts)
    for (const [, name = '', value = ''] of text.matchAll(CONSTANT)) known.set(name, value)
  return files.flatMap((file, index) => limitsIn(file, String(texts[index]), known))
}

async function sourcesBelow(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true })
  return names.filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`)
}

function limitsIn(file: string, text: string, known: Map<string, string>): Limit[] {
  const own = new Map([
    ...known,
    ...[...text.matchAll(CONSTANT)].map(([, name = '', value = '']) => [name, value] as const),
  ])
  return [...text.matchAll(DECLARATION)].flatMap(
    ([, doc = '', constant, expression, property, propertyValue]) => {
      const name = constant ?? String(property)
      const isLimit = constant ? LIMIT_NAME.test(constant) : TABLES.has(file)
      const value = isLimit ? evaluate(String(expression ?? propertyValue), own) : null
      return value === null ? [] : [{ name, value, text: describe(doc), file }]
    },
  )
}

/** Returns the value of an expression of numbers and constants, or null for any other expression. */
function evaluate(expression: string, known: Map<string, string>, depth = 0): number | null {
  if (depth > 5) return null
  let isNumber = true
  const numbers = expression.trim().replace(/[A-Za-z_]\w*/g, (name, at: number) => {
    if (/[\d.]/.test(expression.trim()[at - 1] ?? '')) return name
    const value = evaluate(known.get(name) ?? '', known, depth + 1)
    isNumber &&= value !== null
    return String(value)
  })
  if (!isNumber || !/^[\d\s.e_*/+()-]+$/.test(numbers) || !/\d/.test(numbers)) return null
  const [first = '', ...rest] = numbers.replaceAll(/[_\s]/g, '').split(/(?=[*/])/)
  return rest.reduce((product, step) => {
    const factor = Number(step.slice(1))
    return step.startsWith('*') ? product * factor : product / factor
  }, Number(first))
}

/** Returns a docblock as one line of a table. */
const describe = (doc: string) =>
  doc
    .replace(/\n\s*\* ?/g, ' ')
    .replace(/\s@\w+.*$/, '')
    .replaceAll('|', '\\|')
    .replace(/\s+/g, ' ')
    .trim()

const UNITS: [unit: string, size: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/** Returns a value with the unit that its name ends with. */
function format(name: string, value: number): string {
  if (/ms$/i.test(name) && /_MS|[a-z]Ms$/.test(name)) {
    const [unit, size] = UNITS.find(([, one]) => value >= one && value % one === 0) ?? ['ms', 1]
    return `${value / size} ${unit}`
  }
  if (/bytes$/i.test(name)) return `${value.toLocaleString('en')} bytes`
  if (/seconds$/i.test(name)) return `${value} s`
  return value.toLocaleString('en')
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(join(ROOT, 'docs/limits.md'), await limitsText())
