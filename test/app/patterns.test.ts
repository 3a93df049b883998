import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { parse } from 'acorn'
import { simple } from 'acorn-walk'
import { expect } from 'chai'
import { transform } from 'esbuild'
import type * as Recheck from 'recheck'
import { fieldConditions } from '../../models/asset-filters.ts'
import { PATTERNS } from '../../models/word-conditions.ts'
import { sourceFiles } from '../support/source-files.ts'

// `auto` can start a Java program. `pure` is the same checker in JavaScript, for systems without the native program.
process.env.RECHECK_BACKEND = hasNative() ? 'native' : 'pure'
const { check } = createRequire(import.meta.url)('recheck') as typeof Recheck

interface Pattern {
  file: string
  source: string
  flags: string
}

/**
 * Modules that build patterns of queries: one compiles them, the others build them from texts of clients, whose characters
 * stand for themselves. Patterns of hostile texts are checked here.
 */
const OF_QUERIES = [
  'embedded/mongo/query/predicates.ts',
  'models/asset-filters.ts',
  'models/word-conditions.ts',
]
const HOSTILE = ['(a+)+$', '[a-z', 'a|a\\', '.*.*']

/** Returns the patterns of queries with hostile texts. */
const ofQueries = (): Pattern[] =>
  [
    ...HOSTILE.flatMap((text) => [...PATTERNS.beginning(text), ...PATTERNS.containing(text)]),
    ...fieldConditions({ ext: HOSTILE }).map((condition) => condition['files.name']),
  ].map((pattern) => {
    expect(pattern).to.be.instanceOf(RegExp)
    const { source, flags } = pattern as RegExp
    return { file: 'a query', source, flags }
  })

const BYTES = 8192
const MAX_MS = 20
/** Time limit for one replacement with an exponential pattern, in milliseconds. */
const STOP_MS = 5000
/** Time limit for one check by recheck, in milliseconds. A longer check counts as an error. */
const CHECK_MS = 60_000

/** Returns whether the checker is installed as a program of this system, which takes a fifth of the time. */
function hasNative(): boolean {
  const { resolve } = createRequire(import.meta.url)
  try {
    return resolve(`recheck-${process.platform}-${process.arch}/package.json`).length > 0
  } catch {
    return false
  }
}

/** Returns the pattern literals of a file, and whether it also builds patterns. */
async function literalsOf(file: string): Promise<{ patterns: Pattern[]; builds: boolean }> {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', target: 'esnext' })
  const patterns: Pattern[] = []
  let builds = false
  const note = ({ callee }: { callee: unknown }) => {
    builds ||= (callee as { name?: string }).name === 'RegExp'
  }
  simple(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), {
    Literal: ({ regex }) => {
      if (regex) patterns.push({ file, source: regex.pattern, flags: regex.flags })
    },
    NewExpression: note,
    CallExpression: note,
  })
  return { patterns, builds }
}

/** Returns the patterns that a module builds while it loads. */
async function builtBy(file: string): Promise<Pattern[]> {
  const url = pathToFileURL(file).href
  await import(url)
  const patterns: Pattern[] = []
  const original = globalThis.RegExp
  globalThis.RegExp = new Proxy(original, {
    construct(target, given) {
      const built = Reflect.construct(target, given) as RegExp
      patterns.push({ file, source: built.source, flags: built.flags })
      return built
    },
  })
  try {
    await import(`${url}?built`)
  } finally {
    globalThis.RegExp = original
  }
  return patterns
}

const ATOM = /\\u\{?[\dA-F]+\}?|\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?<?[:=!]?|[(){}|?*+^$]|./gu
const SAMPLES: Record<string, string> = {
  '\\s': '\n',
  '\\d': '0',
  '\\w': 'a',
  '.': 'x',
  '\\r': '\r',
  '\\n': '\n',
}

/** Returns texts that single parts of a pattern match, in the order of the parts. */
function samplesOf({ source }: Pattern): string[] {
  return (source.match(ATOM) ?? []).flatMap((atom) => {
    if (SAMPLES[atom]) return [SAMPLES[atom]]
    if (/^\[/.test(atom)) {
      const first = [' ', 'a', '0', '\n', '<', '-'].find((char) => new RegExp(atom, 'u').test(char))
      return [first ?? '!']
    }
    if (/^\\[^pPbBuk\d]/.test(atom)) return [atom.slice(1)]
    return /^[\w\s<>"'/:;,=!@#%&~`-]$/.test(atom) ? [atom] : []
  })
}

/** Yields texts of 8 kB: every fragment of a pattern repeated, with and without the fragments before it. */
function* attacksOn(pattern: Pattern): Generator<string> {
  const samples = samplesOf(pattern)
  for (let from = 0; from < samples.length; from += 1)
    for (const length of [1, 2, 3, 5, 8]) {
      const fragment = samples.slice(from, from + length).join('')
      const repeated = fragment.repeat(BYTES / fragment.length)
      yield `${repeated}\0`
      yield `${samples.slice(0, from).join('')}${repeated}\0`
    }
}

/** Returns the milliseconds of processor time of a replacement; throws after `STOP_MS`. */
const context = vm.createContext({ pattern: / /, text: '' })
const replacement = new vm.Script("pattern.lastIndex = 0; text.replace(pattern, '')")
function timeOf(pattern: RegExp, text: string): number {
  Object.assign(context, { pattern, text })
  const begin = process.cpuUsage()
  replacement.runInContext(context, { timeout: STOP_MS })
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000
}

/** Returns whether all of three runs are slow; one can be slow because the process has other work. */
const isSlow = (pattern: RegExp, text: string) => [1, 2, 3].every(() => timeOf(pattern, text) > MAX_MS)

describe('regular expressions', function () {
  this.timeout(300_000)
  let patterns: Pattern[]

  before(async () => {
    const files = await sourceFiles()
    const found = await Promise.all(files.map(async (file) => ({ file, ...(await literalsOf(file)) })))
    const builders = found.filter(({ file, builds }) => builds && !OF_QUERIES.includes(file))
    patterns = [...found.flatMap((one) => one.patterns), ...ofQueries()]
    for (const { file } of builders) {
      const built = await builtBy(file)
      expect(built, `${file} must build its patterns while it loads`).to.not.have.length(0)
      patterns.push(...built)
    }
    expect(patterns.length).to.be.greaterThan(100)
  })

  it('all patterns – recheck → none is vulnerable', async () => {
    expect((await check('^(a+)+$', '', { timeout: CHECK_MS })).status).to.equal('vulnerable')
    const errors: string[] = []
    for (const { file, source, flags } of patterns) {
      const { status } = await check(source, flags, { timeout: CHECK_MS })
      if (status !== 'safe') errors.push(`${file}: /${source}/${flags} is ${status}`)
    }
    expect(errors).to.deep.equal([])
  })

  it(`all patterns – 8 kB of their own fragments → at most ${MAX_MS} ms`, () => {
    const slow = patterns.filter((pattern) => {
      const regex = new RegExp(pattern.source, pattern.flags)
      return [...attacksOn(pattern)].some((text) => isSlow(regex, text))
    })
    expect(slow).to.deep.equal([])
  })
})
