import fc from 'fast-check'
import type { Target } from './target.ts'
import { each } from './wire.ts'

/** Searches that are sent at a time. */
const AT_ONCE = 16
/** Time limit for an answer on a busy machine, in milliseconds. */
const ANSWER_MS = 60_000
/** Words of the assets that are searched. */
const WORDS = [
  ...['oak', 'chair', 'HTMLParser', 'IMG_0538.HEIC', 'C++', '.NET', '1/2"', 'Straße', 'Łódź', 'İstanbul'],
  ...['Ёлка', 'καρέκλα', 'שולחן', 'كرسي', 'աթոռ', 'სკამი', 'कुर्सी', 'நாற்காலி', 'เก้าอี้', 'ເກົ້າອີ້', 'កៅអី', 'ထိုင်ခုံ'],
  ...['椅子', '东京塔', 'ハンダ', '의자', '🪑🚀', '👩‍👩‍👧‍👦', '½”'],
]
const ODD = [
  ...[
    '*',
    '.*',
    '**',
    '"',
    '""',
    '-',
    '--',
    '—',
    '-"',
    '$',
    '^a',
    '[a-z]+',
    '(',
    '\\',
    '%',
    '%00',
    '\u0000',
    '\u202e',
    '\ud800',
  ],
  ...[
    '__proto__',
    '$gt',
    'word:oak',
    'public oak',
    'a',
    'i',
    '椅',
    'e\u0301',
    '\u0301',
    `a${'\u0301'.repeat(300)}`,
  ],
]
/** Statuses that a search can have. */
const EXPECTED = new Set([200, 400, 503])

interface Search {
  path: string
  parameters: [string, string][]
  /** What is done to a cursor of an earlier answer; null: none is sent. */
  cursor: ((text: string) => string) | null
}

const some = <T>(values: readonly T[]) => fc.constantFrom(...values)
const whole = some(WORDS)
const part = fc
  .tuple(whole, fc.nat(6), fc.integer({ min: 1, max: 6 }))
  .map(([word, from, length]) => [...word].slice(from, from + length).join(''))
const long = fc
  .tuple(some(['a', 'ab', 'aB', 'a1', 'å', '木', '🪑', 'ch']), fc.integer({ min: 30, max: 260 }))
  .map(([unit, count]) => unit.repeat(count))
const word = fc.oneof(whole, part, some(ODD), long, fc.string({ unit: 'binary', maxLength: 12 }))
const text = fc
  .tuple(fc.array(word, { minLength: 1, maxLength: 18 }), some([' ', ' ', '', '-', ' -', '" "', '\u3000']))
  .map(([words, between]) => words.join(between))
/** Texts as long as a search can be. */
const full = text.map((one) => [...one.repeat(500)].slice(0, 500).join(''))

const search: fc.Arbitrary<Search> = fc.record({
  path: some(['/api/assets', '/api/assets', '/api/assets', '/api/assets/suggest', '/api/tags']),
  parameters: fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: full }),
      fc.subarray(
        [
          ...[
            ['match', 'any'],
            ['facets', '1'],
            ['count', '1'],
            ['limit', '1'],
            ['sort', '-name'],
          ],
          ...[
            ['scope', 'mine'],
            ['scope', 'shared'],
            ['tag', 'wood'],
            ['minSize', '1'],
          ],
        ] as [string, string][],
        { maxLength: 3 },
      ),
    )
    .map(([q, others]) => [['q', q], ...others] as [string, string][]),
  cursor: fc.option(
    some([
      (cursor: string) => cursor,
      (cursor: string) => cursor.slice(0, -1),
      (cursor: string) => `${cursor.slice(0, 40)}A${cursor.slice(41)}`,
      () => '%',
    ]),
    { freq: 3 },
  ),
})

/**
 * Sends random searches, several at a time, and lists of assets by another user meanwhile. Returns the time of the slowest
 * list, in milliseconds.
 */
export async function attackSearches(target: Target, count: number, seed: number): Promise<number> {
  const other = await target.account()
  await plant(target)
  let cursor = ''
  const send = async ({ path, parameters, cursor: change }: Search) => {
    const isPaged = path === '/api/assets'
    const given = isPaged ? parameters : parameters.slice(0, 1)
    const sent: [string, string][] = isPaged && change ? [...given, ['cursor', change(cursor)]] : given
    const address = `${path}?${new URLSearchParams(sent)}`
    const { status, body } = await get(target, address, target.owner.token)
    target.answered(status, () => address)
    if (!EXPECTED.has(status)) target.fail(`${status} for ${address}`)
    cursor = /"next":"([^"]+)"/.exec(body)?.[1] ?? cursor
  }
  let isOver = false
  let slowest = 0
  const list = async () => {
    while (!isOver) {
      const began = performance.now()
      const { status } = await get(target, '/api/assets?limit=5', other.token)
      slowest = Math.max(slowest, performance.now() - began)
      if (status !== 200) target.fail(`${status} for a list during searches`)
    }
  }
  const listing = list()
  await each(fc.sample(search, { numRuns: count, seed }), AT_ONCE, send).finally(() => {
    isOver = true
  })
  await listing
  return slowest
}

/** Uploads assets with all words, and with very many. */
async function plant(target: Target): Promise<void> {
  const headers = { Authorization: `Bearer ${target.owner.token}` }
  const letters = (n: number) =>
    [...n.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)))
  const many = Array.from({ length: 900 }, (_, n) => `ch${letters(n).join('')}`).join(' ')
  for (const [name, description] of [
    [WORDS.slice(0, 12).join(' '), WORDS.join(' ')],
    [WORDS.slice(12).join(' '), many],
  ] as const) {
    const query = new URLSearchParams({
      name,
      description: description.slice(0, 5000),
      tags: 'wood',
      visibility: 'public',
    })
    const { status } = await fetch(`${target.origin}/api/files/a.bin?${query}`, {
      method: 'PUT',
      headers,
      body: 'a',
    })
    target.answered(status, () => 'an upload before the searches')
    if (status !== 201) target.fail(`${status} for an upload before the searches`)
  }
}

async function get({ origin }: Target, address: string, token: string) {
  const answer = await fetch(`${origin}${address}`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  return { status: answer.status, body: await answer.text() }
}
