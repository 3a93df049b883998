/**
 * Measures every kind of search of the compiled service over 10,000 and 100,000 assets: `npm run bench:search-time`, or
 * with other numbers of assets as arguments; with `--only suggest` those whose labels contain a text. Uses the embedded database, or a new database on the server of MONGODB_URI.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { Asset } from '../models/asset.ts'
import { Term } from '../models/term.ts'
import { storeAllTerms } from '../models/term-writer.ts'
import { User } from '../models/user.ts'
import { Bench, median, memory, peakMemory, processorTime, register, say, verdict } from './harness.ts'
import { plantedAsset } from './planted-assets.ts'

/** Targets at 10,000 assets: milliseconds without and with facets or a count of everything, MB of memory. */
const TARGETS = { assets: 10_000, search: 25, facets: 80, memory: 350 }
/** Target of the 95th percentile of suggestions, in milliseconds. */
const SUGGEST_P95 = 20
const RUNS = 15
const SUGGEST_RUNS = 100
const BATCH = 1000
/** Assets of a page. */
const PAGE = 20

async function measure(many: number): Promise<void> {
  const bench = await Bench.begin()
  try {
    const data = join(bench.folder, 'data')
    const uri = process.env.MONGODB_URI ? bench.newDatabase(process.env.MONGODB_URI) : undefined
    const env = { MONGODB_URI: uri ?? '', DATA_DIR: data, S3_BUCKET: '', S3_ENDPOINT: '' }
    const empty = await bench.startService(env)
    const me = await register(empty.origin)
    await register(empty.origin)
    await bench.stop(empty)
    const planted = performance.now()
    await plant(many, uri, data)
    const started = performance.now()
    const service = await bench.startService({ ...env, PORT: new URL(empty.origin).port })
    const ready = performance.now()
    say(`\n${many} assets: planted in ${seconds(started - planted)}, started in ${seconds(ready - started)}`)
    await searchAll(service, me, many)
    await suggestAll(service, me)
    const rest = await memory(service.pid)
    const peak = await peakMemory(service.pid)
    const isMet = many > TARGETS.assets || peak <= TARGETS.memory
    say(`memory: ${rest.toFixed(0)} MB now, ${peak.toFixed(0)} MB at most (${verdict(isMet)})`)
  } finally {
    await bench.end()
  }
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

/** Stores the assets through the model, in batches. The users own them in turn. */
async function plant(many: number, uri: string | undefined, data: string): Promise<void> {
  const embedded = uri ? undefined : await startEmbeddedMongo({ dir: join(data, 'mongo') })
  await connectDatabase(uri ?? String(embedded?.uri))
  const users = await User.find({}, { _id: 1 }).sort({ _id: 1 }).lean()
  const owners = users.map(({ _id }) => _id)
  for (let from = 0; from < many; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, many - from) }, (_, j) =>
      plantedAsset(from + j, owners),
    )
    await Asset.insertMany(batch, { ordered: false })
  }
  await storeAllTerms()
  await Term.refresh(new AbortController().signal)
  await disconnectDatabase()
  await embedded?.close()
}

interface Search {
  label: string
  query: string
  /** Signed in. */
  signed?: boolean
  /** Position of the page in the result, as a part of all assets. */
  skip?: number
  /** Number of the page. */
  page?: number
}

const SEARCHES: Search[] = [
  ...['newest', 'oldest', 'updated', 'name', '-name', 'size', 'downloads'].map((sort) => ({
    label: `sort ${sort}`,
    query: `sort=${sort}`,
  })),
  ...['newest', 'name'].map((sort) => ({
    label: `signed in, sort ${sort}`,
    query: `sort=${sort}`,
    signed: true,
  })),
  { label: 'scope mine', query: 'scope=mine', signed: true },
  { label: 'scope mine, sort size', query: 'scope=mine&sort=size', signed: true },
  { label: 'scope shared', query: 'scope=shared', signed: true },
  { label: 'type=3D (none)', query: 'type=3D' },
  { label: 'type=2D (half)', query: 'type=2D' },
  { label: 'type=2D, sort name', query: 'type=2D&sort=name' },
  { label: 'media=video (none)', query: 'media=video' },
  { label: 'media=document (1 in 50)', query: 'media=document' },
  { label: 'media=document, sort downloads', query: 'media=document&sort=downloads' },
  { label: 'tag of 1 in 8', query: 'tag=oak' },
  { label: 'tag of 1 in 8, sort size', query: 'tag=oak&sort=size' },
  { label: 'tag of 1 in 1,000', query: 'tag=rare-7' },
  { label: 'tag of none', query: 'tag=nothing' },
  { label: 'two tags', query: 'tag=oak&tag=engine' },
  { label: 'tag and media', query: 'tag=oak&media=document' },
  { label: 'owner', query: 'owner={owner}', signed: true },
  { label: 'owner and tag', query: 'owner={owner}&tag=oak', signed: true },
  { label: 'visibility=private', query: 'visibility=private', signed: true },
  { label: 'size range of 1 in 100', query: 'minSize=50000&maxSize=51000' },
  { label: 'size range, none', query: 'minSize=900000000' },
  {
    label: 'created in an hour',
    query: 'createdAfter=2026-01-01T01:00:00Z&createdBefore=2026-01-01T02:00:00Z',
  },
  {
    label: 'created in an hour, sort name',
    query: 'createdAfter=2026-01-01T01:00:00Z&createdBefore=2026-01-01T02:00:00Z&sort=name',
  },
  { label: 'updated before all', query: 'updatedBefore=2020-01-01T00:00:00Z' },
  { label: 'word of 1 in 8', query: 'q=oak' },
  { label: 'word of 1 in 8, sort newest', query: 'q=oak&sort=newest' },
  { label: 'word of 1 in 1,000', query: 'q=rare7' },
  { label: 'word of none', query: 'q=nothing' },
  { label: 'prefix of common words', query: 'q=en' },
  { label: 'prefix of a rare word', query: 'q=rare' },
  { label: 'part of a common word', query: 'q=ngin' },
  { label: 'two words', query: 'q=oak+engine' },
  { label: 'three words, not together', query: 'q=oak+chair+table' },
  { label: 'word and type=3D (none)', query: 'q=oak&type=3D' },
  { label: 'word, signed in, mine', query: 'q=oak&scope=mine', signed: true },
  { label: 'page in the middle', query: 'sort=newest', skip: 0.5 },
  { label: 'page in the middle, sort name', query: 'sort=name', skip: 0.5 },
  { label: 'page in the middle of a tag', query: 'tag=oak', skip: 0.05 },
  { label: 'page in the middle of a word', query: 'q=oak', skip: 0.05 },
  ...[100, 1000].flatMap((page) =>
    ['sort=newest', 'scope=mine', 'type=2D', 'q=oak'].map((query) => ({
      label: `page ${page.toLocaleString('en')}, ${query}`,
      query,
      signed: query === 'scope=mine',
      page,
    })),
  ),
  { label: 'count of everything', query: 'count=1' },
  { label: 'count of a tag', query: 'tag=oak&count=1' },
  { label: 'count of a word', query: 'q=oak&count=1' },
  { label: 'facets of everything', query: 'facets=1' },
  { label: 'facets and count of everything', query: 'facets=1&count=1' },
  { label: 'facets of mine', query: 'scope=mine&facets=1', signed: true },
  { label: 'facets of a tag', query: 'tag=oak&facets=1' },
  { label: 'facets and count of a word', query: 'q=oak&facets=1&count=1' },
  { label: 'facets of none', query: 'type=3D&facets=1' },
]

/** Requests before the first measurement: a process that has just started is slower. */
const WARM_UP = 200

/** Prints the time of the first request, the median time and the processor time of each search. */
async function searchAll(
  { origin, pid }: { origin: string; pid: number },
  me: { Authorization: string },
  many: number,
): Promise<void> {
  const owner = await nameOf(origin, me)
  let newest = 0
  for (let n = 0; n < WARM_UP; n++) await get(`${origin}/api/assets?sort=name`, {})
  for (const { label, query, signed, skip = 0, page = 1 } of SEARCHES.filter(isWanted)) {
    const headers = signed ? me : {}
    const path = `/api/assets?limit=${PAGE}&${query.replace('{owner}', owner)}`
    const skipped = Math.floor(many * skip) + (page - 1) * PAGE
    const cursor = await cursorAt(`${origin}${path}`, headers, skipped)
    const times: number[] = []
    let found = 0
    let first = 0
    let before = await processorTime(pid)
    for (let run = -2; run < RUNS; run++) {
      if (run === 0) before = await processorTime(pid)
      const begun = performance.now()
      const body = await get(origin + path + cursor, headers)
      const time = performance.now() - begun
      first ||= time
      if (run >= 0) times.push(time)
      found = body.total ?? body.assets.length
    }
    const processor = (((await processorTime(pid)) - before) * 1000) / RUNS
    newest ||= median(times)
    const ratio = (median(times) / newest).toFixed(2)
    const target = /count=|facets=/.test(query) ? TARGETS.facets : TARGETS.search
    const isMet = many > TARGETS.assets || median(times) <= target
    const figures = `first ${first.toFixed(1).padStart(6)} ms  then ${median(times).toFixed(1).padStart(6)} ms  processor ${processor.toFixed(1).padStart(6)} ms  ${ratio.padStart(6)} of newest`
    say(
      `${label.padEnd(36)} ${figures}  ${String(found).padStart(6)} found${isMet ? '' : `  > ${target}: ${verdict(false)}`}`,
    )
  }
}

/** Texts as they are typed: of common and rare words, of two words, of a number, of none. */
const SUGGESTED = ['o', 'oa', 'oak', 'oak en', 'rare', 'set-1', '1', '12345', 'nothing']

/** Prints the median and the 95th percentile of the times of suggestions. */
async function suggestAll(
  { origin, pid }: { origin: string; pid: number },
  me: Record<string, string>,
): Promise<void> {
  const asked = SUGGESTED.flatMap((q) => [
    { label: `suggest ${q}`, q, headers: {} },
    { label: `suggest ${q}, signed in`, q, headers: me },
  ])
  for (const { label, q, headers } of asked.filter(isWanted)) {
    const times: number[] = []
    let found = 0
    let before = await processorTime(pid)
    for (let run = -2; run < SUGGEST_RUNS; run++) {
      if (run === 0) before = await processorTime(pid)
      const begun = performance.now()
      const { suggestions } = await get<{ suggestions: unknown[] }>(
        `${origin}/api/assets/suggest?q=${encodeURIComponent(q)}`,
        headers,
      )
      if (run >= 0) times.push(performance.now() - begun)
      found = suggestions.length
    }
    const processor = (((await processorTime(pid)) - before) * 1000) / SUGGEST_RUNS
    const p95 = times.sort((a, b) => a - b)[Math.floor(SUGGEST_RUNS * 0.95)] ?? 0
    const figures = `${median(times).toFixed(1).padStart(7)} ms  processor ${processor.toFixed(1).padStart(6)} ms  p95 ${p95.toFixed(1).padStart(6)} ms`
    say(`${label.padEnd(36)} ${figures}  ${String(found).padStart(6)} found  ${verdict(p95 < SUGGEST_P95)}`)
  }
}

interface Answer {
  assets: unknown[]
  next: string | null
  total?: number
}

async function get<Found = Answer>(url: string, headers: Record<string, string>): Promise<Found> {
  const response = await fetch(url, { headers })
  const { res } = (await response.json()) as { res: Found }
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return res
}

async function nameOf(origin: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(`${origin}/api/users/me`, { headers })
  const { res } = (await response.json()) as { res: { user: { username: string } } }
  return res.user.username
}

/** Reads pages until `skip` assets are read. Returns the cursor of the next page as a parameter. */
async function cursorAt(url: string, headers: Record<string, string>, skip: number): Promise<string> {
  let cursor = ''
  for (let read = 0; read < skip; read += 100) {
    const { next } = await get(url.replace(`limit=${PAGE}`, 'limit=100') + cursor, headers)
    if (!next) break
    cursor = `&cursor=${next}`
  }
  return cursor
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' } },
})
const isWanted = ({ label }: { label: string }) => label.includes(values.only)
const sizes = positionals.map(Number)
for (const many of sizes.length > 0 ? sizes : [10_000, 100_000]) await measure(many)
