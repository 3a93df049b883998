import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mongo } from 'mongoose'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { median, say } from './harness.ts'
import { wordOf } from './small-assets.ts'

/**
 * Measures how words of assets can be searched: by a text index, or by keys. Usage:
 * `npx tsx bench/word-keys.ts [assets] [set …]`, on the database of `MONGODB_URI` or the embedded one.
 * `docs/decisions/0020-words-as-keys.md` has the results.
 */

const [, , many = '10000', ...given] = process.argv
const MANY = Number(many)
const RUNS = 15
const BATCH = 500

type Doc = Record<string, unknown>

/** The sets of keys and indexes to compare. */
const SETS: Record<string, { keys: ('word' | 'name' | 'stem')[]; text: boolean }> = {
  text: { keys: ['word'], text: true },
  words: { keys: ['word'], text: false },
  forms: { keys: ['word', 'name', 'stem'], text: false },
  both: { keys: ['word', 'name', 'stem'], text: true },
}

function asset(i: number, set: string): Doc {
  const { keys: kinds, text } = SETS[set] as (typeof SETS)[string]
  const name = `${wordOf(i)} ${wordOf(i * 7 + 3)} ${i}`
  const tags = [wordOf(i * 5), wordOf(i * 3 + 1), `set-${i % 200}`, `rare-${i % 1000}`]
  const description = `${Array.from({ length: 12 }, (_, j) => wordOf(i * 11 + j * j)).join(' ')} rare${i % 1000}`
  const visibility = i % 5 === 0 ? 'private' : 'public'
  const words = (value: string) => value.toLowerCase().match(/[a-z]+|\d+/g) ?? []
  const all = [name, ...tags, `${wordOf(i)}-${i}.bin`, description].flatMap(words)
  const keys = new Set([
    'all',
    `type:${i % 3}`,
    `media:${i % 7}`,
    `visibility:${visibility}`,
    `size:${i % 20}`,
  ])
  for (const tag of tags) keys.add(`tag:${tag}`)
  if (kinds.includes('word')) for (const word of all) keys.add(`word:${word}`)
  if (kinds.includes('name')) for (const word of words(name)) keys.add(`name:${word}`)
  // every second word has another stem
  if (kinds.includes('stem'))
    for (const word of all) if (word.length % 2) keys.add(`stem:${word.slice(0, -1)}`)
  const createdAt = new Date(1.7e12 + i * 1000)
  const owner = new mongo.ObjectId(String(i % 50).padStart(24, '0'))
  return {
    ...{ owner, visibility, tags, name, description, state: 'ready', createdAt, keys: [...keys] },
    ...(text ? { words: { name, tags, description } } : {}),
  }
}

const order = { createdAt: -1, _id: -1 } as const

async function time(run: (n: number) => Promise<unknown>, runs = RUNS): Promise<string> {
  const times: number[] = []
  for (let n = 0; n < runs; n += 1) {
    const begun = performance.now()
    await run(n)
    times.push(performance.now() - begun)
  }
  return median(times).toFixed(1)
}

async function measure(set: string, database: mongo.Db): Promise<void> {
  const collection = await database.createCollection('assets')
  await collection.createIndex({ keys: 1, ...order }, { partialFilterExpression: { visibility: 'public' } })
  await collection.createIndex({ owner: 1, keys: 1, ...order })
  if (SETS[set]?.text)
    await collection.createIndex({ 'words.name': 'text', 'words.tags': 'text', 'words.description': 'text' })
  const begun = performance.now()
  for (let i = 0; i < MANY; i += BATCH)
    await collection.insertMany(Array.from({ length: BATCH }, (_, j) => asset(i + j, set)))
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const [{ stats } = {}] = await collection
    .aggregate([{ $collStats: { storageStats: {} } }, { $project: { stats: '$storageStats' } }])
    .toArray()
    .catch(() => [])
  const size = stats ? `, indexes ${(Number(stats.totalIndexSize) / 1e6).toFixed(1)} MB` : ''
  say(`\n## ${set}: ${(asset(1, set).keys as string[]).length} keys, loaded in ${seconds} s${size}`)
  say(`insert ${await time((n) => collection.insertOne(asset(MANY + n, set)), 200)} ms`)
  const open = { visibility: 'public' }
  const page = (filter: Doc) =>
    collection
      .find({ ...open, ...filter })
      .sort(order)
      .limit(21)
      .toArray()
  const up = (...keys: string[]) => page({ keys: { $all: keys } })
  const fifty = Array.from({ length: 50 }, (_, n) => `word:${wordOf(n)}`)
  const rare = Array.from({ length: 50 }, (_, n) => `word:${9000 + n}`)
  const searches: [string, () => Promise<unknown>][] = [
    ['newest', () => up('all')],
    ['rare word', () => up('word:7', 'all')],
    ['common word', () => up('word:oak')],
    ['two common', () => up('word:oak', 'word:engine')],
    ['no match', () => up('word:none')],
    ['any of two', () => page({ keys: { $in: ['word:oak', 'word:engine'] } })],
    ['any of 50 common', () => page({ keys: { $in: fifty } })],
    ['any of 50 rare', () => page({ keys: { $in: rare } })],
    ['without another', () => page({ keys: { $all: ['word:oak'], $nin: ['word:engine'] } })],
  ]
  if (SETS[set]?.keys.includes('name'))
    searches.push(
      ['in the name', () => up('name:oak')],
      ['not in the name', () => page({ keys: { $all: ['word:oak'], $nin: ['name:oak'] } })],
      [
        '1,000 of a common word',
        () =>
          collection
            .find({ ...open, keys: 'word:oak' })
            .limit(1001)
            .toArray(),
      ],
    )
  if (SETS[set]?.text) {
    const score = { $meta: 'textScore' }
    const find = (words: string) =>
      collection
        .find({ ...open, $text: { $search: words } }, { projection: { score } })
        .sort({ score, _id: -1 } as never)
        .limit(21)
        .toArray()
    searches.push(['$text common', () => find('oak')], ['$text two', () => find('oak engine')])
    searches.push(['$text rare', () => find('rare7')])
  }
  const figures: string[] = []
  for (const [label, run] of searches) figures.push(`${label} ${await time(run)}`)
  say(figures.join(' · '))
}

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'kura-words-'))
  const server = process.env.MONGODB_URI ? null : await startEmbeddedMongo({ dir })
  const client = await mongo.MongoClient.connect(process.env.MONGODB_URI ?? server?.uri ?? '')
  const database = client.db('kura-bench-words')
  for (const set of given.length > 0 ? given : Object.keys(SETS)) {
    await database.dropDatabase()
    await measure(set, database)
  }
  await database.dropDatabase()
  await client.close()
  await server?.close()
  await rm(dir, { recursive: true, force: true })
}

await main()
