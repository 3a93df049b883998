import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mongo } from 'mongoose'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { say } from './harness.ts'

/**
 * Measures what sets of indexes on assets cost, on the database of `MONGODB_URI` or the embedded one. Usage:
 * `npx tsx bench/asset-indexes.ts [assets] [set …]`. `KEYS` is the number of keys of an asset.
 * `docs/decisions/0014-indexes-over-keys.md` has the results.
 */

const [, , many = '20000', ...given] = process.argv
const MANY = Number(many)
const RUNS = 15
const OWNERS = 50
const KEYS = Number(process.env.KEYS ?? 40)

type Doc = Record<string, unknown>
type Index = [key: mongo.IndexSpecification, options?: mongo.CreateIndexesOptions]

const SORTS = {
  newest: 'createdAt',
  updated: 'updatedAt',
  name: 'nameKey',
  size: 'size',
  downloads: 'downloads',
}
const direction = (field: string): 1 | -1 => (field === 'nameKey' ? 1 : -1)
const order = (field: string) => ({ [field]: direction(field), _id: direction(field) })
const isPublic = { partialFilterExpression: { visibility: 'public' } }
const named = (name: string, options: mongo.CreateIndexesOptions = {}) => ({ ...options, name })

const ofPublic = (field: string, keys: boolean): Index => [
  { ...(keys ? { keys: 1 } : {}), ...order(field) } as mongo.IndexSpecification,
  named(`public_${field}`, isPublic),
]
const ofOwner = (field: string, keys: boolean): Index => [
  { owner: 1, ...(keys ? { keys: 1 } : {}), ...order(field) } as mongo.IndexSpecification,
  named(`owner_${field}`),
]
const both = (field: string, keys: boolean) => [ofPublic(field, keys), ofOwner(field, keys)]

const FIELDS = Object.values(SORTS)
/** The sets of indexes to compare. */
const SETS: Record<string, Index[]> = {
  readers: [
    ...FIELDS.map((field): Index => [{ readers: 1, ...order(field) } as mongo.IndexSpecification]),
    [{ tags: 1, createdAt: -1, _id: -1 }],
    [{ owner: 1, createdAt: -1, _id: -1 }],
  ],
  newest: FIELDS.flatMap((field) => both(field, field === 'createdAt')),
  all: FIELDS.flatMap((field) => both(field, field !== 'downloads')),
  counted: FIELDS.flatMap((field) => both(field, true)),
}

const random = (most: number) => Math.floor(Math.random() * most)
/** A number below `most`; small numbers are more frequent, as words are. */
const skewed = (most: number) => Math.floor(most ** Math.random()) - 1

function asset(i: number): Doc {
  const owner = new mongo.ObjectId((i % OWNERS).toString(16).padStart(24, '0'))
  const visibility = i % 5 === 0 ? 'private' : 'public'
  const keys = new Set(['all', `type:${['2D', '3D', 'other'][i % 3]}`, `media:${i % 7}`, `ext:${i % 12}`])
  keys
    .add(`visibility:${visibility}`)
    .add(`sha256:${i.toString(16).padStart(64, '0')}`)
    .add(`size:${i % 20}`)
  const tags = [`t${skewed(300)}`, `t${skewed(300)}`, `t${skewed(300)}`]
  for (const tag of tags) keys.add(`tag:${tag}`)
  if (i % 200 === 0) keys.add('tag:rare')
  while (keys.size < KEYS) keys.add(`word:w${skewed(20_000)}`)
  const at = new Date(1.7e12 + i * 1000)
  const readers = visibility === 'public' ? ['public', String(owner)] : [String(owner)]
  return {
    ...{ owner, visibility, readers, tags, keys: [...keys], state: 'ready', nameKey: `asset ${random(1e9)}` },
    ...{
      createdAt: at,
      updatedAt: at,
      size: random(1e7),
      downloads: 0,
      version: 1,
      description: 'x'.repeat(300),
    },
    files: [{ id: 'a', key: 'b'.repeat(80), sha256: 'c'.repeat(64), size: 1 }],
  }
}

/** Returns the median time of one run, in milliseconds. */
async function median(run: (i: number) => Promise<unknown>, runs = RUNS): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < runs; i += 1) {
    const started = performance.now()
    await run(i)
    times.push(performance.now() - started)
  }
  return (times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0).toFixed(1)
}

const FILTERS: Record<string, string[]> = {
  'no filter': ['all'],
  'one rare': ['tag:rare'],
  'one common': ['type:3D'],
  'no match': ['type:none'],
  'two common': ['media:1', 'type:3D'],
  'rare and common': ['tag:rare', 'type:3D'],
}

async function measure(set: string, database: mongo.Db, uses: boolean): Promise<void> {
  const collection = database.collection('assets')
  const counts = database.collection('counts')
  say(`\n## ${set}: ${SETS[set]?.length} indexes`)
  say(`insert ${await median((i) => collection.insertOne(asset(MANY + i)), 300)} ms`)
  const [{ _id: id } = {}] = await collection.find().limit(1).toArray()
  say(
    `download ${await median(() => collection.updateOne({ _id: id as never }, { $inc: { downloads: 1 } }), 200)} ms`,
  )
  const touch = () => collection.updateOne({ _id: id as never }, { $set: { updatedAt: new Date() } })
  say(`change ${await median(touch, 200)} ms`)
  const apart = () => counts.updateOne({ _id: id as never }, { $inc: { downloads: 1 } }, { upsert: true })
  say(`download apart ${await median(apart, 200)} ms`)
  const owner = new mongo.ObjectId('1'.padStart(24, '0'))
  for (const [audience, scope] of Object.entries({ public: { visibility: 'public' }, mine: { owner } }))
    for (const [sort, field] of Object.entries(SORTS)) {
      const figures: string[] = []
      for (const [name, keys] of Object.entries(FILTERS)) {
        const needed =
          keys.length === 1 &&
          keys[0] === 'all' &&
          !(set === 'all' ? field !== 'downloads' : field === 'createdAt' || set === 'counted')
        const filter = uses
          ? { ...scope, ...(needed ? {} : { keys: { $all: keys } }) }
          : { readers: audience === 'public' ? 'public' : String(owner), ...oldFilter(keys) }
        const page = (more: Doc) =>
          collection
            .find({ ...filter, ...more })
            .sort(order(field))
            .limit(21)
            .toArray()
        const all = await collection
          .find(filter, { projection: { [field]: 1 } })
          .sort(order(field))
          .toArray()
        const deep = all.at(Math.floor(all.length * 0.9))?.[field]
        const beyond = { [field]: { [direction(field) === 1 ? '$gte' : '$lte']: deep } }
        figures.push(
          `${name} ${await median(() => page({}))}/${await median(() => page(deep ? beyond : {}))}`,
        )
      }
      say(`${audience} ${sort}: ${figures.join(' · ')}`)
    }
}

/** Returns the filters of a release without keys. */
function oldFilter(keys: string[]): Doc {
  const pairs = keys.filter((key) => key !== 'all').map((key) => key.split(':') as [string, string])
  return Object.fromEntries(pairs.map(([kind, value]) => [kind === 'tag' ? 'tags' : kind, value]))
}

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'kura-indexes-'))
  const server = process.env.MONGODB_URI ? null : await startEmbeddedMongo({ dir })
  const client = await mongo.MongoClient.connect(process.env.MONGODB_URI ?? server?.uri ?? '')
  const database = client.db('kura-bench-indexes')
  for (const set of given.length > 0 ? given : Object.keys(SETS)) {
    await database.dropDatabase()
    const collection = await database.createCollection('assets')
    for (const [key, options] of SETS[set] ?? []) await collection.createIndex(key, options)
    const started = performance.now()
    for (let i = 0; i < MANY; i += 500)
      await collection.insertMany(Array.from({ length: Math.min(500, MANY - i) }, (_, j) => asset(i + j)))
    const seconds = (performance.now() - started) / 1000
    await measure(set, database, set !== 'readers')
    say(`loading ${MANY} took ${seconds.toFixed(0)} s`)
  }
  await database.dropDatabase()
  await client.close()
  await server?.close()
  await rm(dir, { recursive: true, force: true })
}

await main()
