/**
 * Plants as many assets as fit into a time, and measures the queries of the models meanwhile:
 * `npm run bench:scale -- [--assets N] [--minutes N]`. Prints the cost and the plan of each query at 1, 10 and 100 % of the
 * assets. Uses a new database on the server of MONGODB_URI, or an embedded database in this process.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import mongoose, { type mongo } from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { syncIndexes } from '../app/maintenance/indexes.ts'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { Asset } from '../models/asset.ts'
import { type Viewer, visibleAsset } from '../models/asset-access.ts'
import type { Criteria } from '../models/asset-criteria.ts'
import { facetAssets } from '../models/asset-facets.ts'
import { type PageRequest, SORTS, searchAssets } from '../models/asset-search.ts'
import { type Position, sortBy } from '../models/plugins/page.ts'
import { NO_TRANSITION } from '../models/user-state.ts'
import { median, say } from './harness.ts'
import { plantedAsset } from './planted-assets.ts'

const { values: options } = parseArgs({
  options: {
    assets: { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '10' },
  },
})
const ASSETS = Number(options.assets)
/** Milliseconds of planting, without the measurements. */
const BUDGET_MS = Number(options.minutes) * 60_000
/** Parts of the assets, or of the time, at which the queries are measured. */
const STAGES = [0.01, 0.1, 1]
const BATCH = 500
const BATCHES_AT_ONCE = 4
const RUNS = 5
const PAGE = 20
/** A word of the name, tags or description of every third asset, and a tag of every tenth. */
const COMMON = 'oak'
const LAST_PAGE = 1000
/** Server error code of a query that took longer than its limit. */
const TIME_LIMIT = 50

/** Each owns one asset in a hundred. */
const owners = Array.from({ length: 100 }, () => new mongoose.Types.ObjectId())
const viewer: Viewer = { _id: owners[0] as mongoose.Types.ObjectId, username: 'scale' }
const everything: Criteria = { scope: 'public', tags: [] }

interface Query {
  label: string
  run: () => Promise<unknown>
}

const search = (criteria: Partial<Criteria>, page: Partial<PageRequest> = {}, as: Viewer = null) =>
  searchAssets({ ...everything, ...criteria }, as, { sort: 'newest', limit: PAGE, ...page })

async function queries(): Promise<Query[]> {
  const { _id } = await Asset.findOne({ visibility: 'public' }).orFail()
  const list: Query[] = [{ label: 'get one', run: () => visibleAsset(_id, null) }]
  for (const sort of Object.keys(SORTS) as (keyof typeof SORTS)[]) {
    list.push({ label: `sort ${sort}`, run: () => search({}, { sort }) })
    const after = await endOfPage(LAST_PAGE - 1, sort)
    if (after) list.push({ label: `sort ${sort}, page 1,000`, run: () => search({}, { sort, after }) })
  }
  return [
    ...list,
    { label: 'common tag', run: () => search({ tags: [COMMON] }) },
    { label: 'tag of 1 in 1,000', run: () => search({ tags: ['rare-7'] }) },
    { label: 'tag of none', run: () => search({ tags: ['nothing'] }) },
    { label: 'own, newest', run: () => search({ scope: 'mine' }, {}, viewer) },
    {
      label: 'facets of one user',
      run: () => facetAssets({ ...everything, scope: 'mine' }, viewer, NO_TRANSITION),
    },
    { label: 'common word', run: () => search({ q: COMMON }, { sort: 'relevance' }) },
    { label: 'word of 1 in 1,000', run: () => search({ q: 'rare7' }, { sort: 'relevance' }) },
    { label: 'word of none', run: () => search({ q: 'nothing' }, { sort: 'relevance' }) },
  ]
}

/** Returns the position at the end of a page, or null if there are fewer pages. */
async function endOfPage(page: number, sort: keyof typeof SORTS): Promise<Position | null> {
  const order = SORTS[sort]
  const asset = await Asset.findOne({ visibility: 'public', state: 'ready' })
    .sort(sortBy(order))
    .skip(page * PAGE - 1)
    .lean()
  return asset && [asset[order.field], asset._id]
}

type Command = mongo.Document

/** Returns the commands on assets that this process sends to the database while `work` runs. */
async function commandsOf(work: () => Promise<unknown>): Promise<Command[]> {
  const client = mongoose.connection.getClient()
  const commands: Command[] = []
  const record = ({ commandName, command }: { commandName: string; command: Command }) => {
    if (command[commandName] === Asset.collection.name) commands.push(command)
  }
  client.on('commandStarted', record)
  try {
    await work()
  } finally {
    client.off('commandStarted', record)
  }
  return commands
}

/** Returns the plan of a command: its indexes and stages, and how many keys and documents it examined. */
async function planOf(command: Command): Promise<string> {
  const { lsid, $db, $clusterTime, txnNumber, maxTimeMS, ...explained } = command
  const { db } = mongoose.connection
  try {
    return describePlan(await db?.command({ explain: explained, verbosity: 'executionStats' }))
  } catch {
    // The embedded database explains only a `find`, without running it.
    const [{ $match: filter } = {}, { $sort: sort } = {}] = command.pipeline ?? [{ $match: command.filter }]
    const find = { find: Asset.collection.name, filter, sort: command.sort ?? sort ?? {} }
    return describePlan(await db?.command({ explain: find, verbosity: 'queryPlanner' }))
  }
}

function describePlan(explained: mongo.Document = {}): string {
  // An engine on PostgreSQL has the plan that it ran there.
  const { postgresPlan, executionStats } = explained
  const names = new Set<string>()
  collect(postgresPlan ?? explained, names)
  const { totalKeysExamined: keys, totalDocsExamined: documents } = executionStats ?? counts(explained)
  const examined = keys === undefined ? '' : ` (${keys} keys, ${documents} documents)`
  return `${[...names].join(', ') || 'no index'}${examined}`
}

const INDEX_NAMES = new Set(['indexName', 'Index Name'])
const STAGE_NAMES = new Set([
  'COLLSCAN',
  'SORT',
  'TEXT',
  'TEXT_MATCH',
  'Seq Scan',
  'Sort',
  'Incremental Sort',
])

/** Collects the names of the indexes and of the expensive stages of a plan. Skips plans that were not chosen. */
function collect(plan: unknown, names: Set<string>): void {
  if (typeof plan !== 'object' || plan === null) return
  for (const [key, value] of Object.entries(plan)) {
    if (key === 'rejectedPlans' || key === 'IndexCosts' || key === 'command') continue
    if (INDEX_NAMES.has(key) || (typeof value === 'string' && STAGE_NAMES.has(value)))
      names.add(String(value))
    else collect(value, names)
  }
}

/** Returns the counts of an aggregation, which MongoDB reports in its first stage. */
function counts(explained: mongo.Document): mongo.Document {
  return explained.stages?.[0]?.$cursor?.executionStats ?? {}
}

const ms = (value: number) => `${value.toFixed(1).padStart(8)} ms`

/** Prints the median time of a query, and the plan of each of its commands. */
async function measure({ label, run }: Query): Promise<void> {
  const times: number[] = []
  let commands: Command[] = []
  try {
    commands = await commandsOf(run)
    for (let n = 0; n < RUNS; n++) {
      const begun = performance.now()
      await run()
      times.push(performance.now() - begun)
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== TIME_LIMIT) throw error
  }
  const [plan = '', ...others] = await Promise.all(commands.map(planOf))
  const took = times.length === RUNS ? ms(median(times)) : 'too slow   '
  say(`${label.padEnd(26)} ${took}  ${plan}`)
  for (const other of others) say(`${''.padEnd(39)}${other}`)
}

/** Stores the assets through the model until there are `until`, or the time is over. Returns their number. */
async function plant(from: number, until: number, limitMs: number): Promise<number> {
  const started = performance.now()
  let next = from
  const batches = async () => {
    while (next < until && performance.now() - started < limitMs) {
      const first = next
      next = Math.min(until, first + BATCH)
      const batch = Array.from({ length: next - first }, (_, n) => plantedAsset(first + n, owners))
      await Asset.insertMany(batch, { ordered: false })
    }
  }
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, batches))
  return next
}

async function measureStages(): Promise<void> {
  let [planted, spent] = [0, 0]
  for (const stage of STAGES) {
    const begun = performance.now()
    const before = planted
    planted = await plant(planted, Math.ceil(ASSETS * stage), BUDGET_MS * stage - spent)
    const took = performance.now() - begun
    spent += took
    const rate = Math.round(((planted - before) * 1000) / took)
    say(`\n${planted} assets, ${Math.round(spent / 1000)} s of planting (${rate} a second in this stage)`)
    for (const query of await queries()) await measure(query)
  }
}

const folder = await mkdtemp(join(tmpdir(), 'kura-scale-'))
const embedded = process.env.MONGODB_URI ? null : await startEmbeddedMongo({ dir: folder })
try {
  const uri = new URL(process.env.MONGODB_URI ?? String(embedded?.uri))
  uri.searchParams.set('monitorCommands', 'true')
  await connectDatabase(uri.href, `kura-scale-${randomBytes(4).toString('hex')}`)
  try {
    await syncIndexes()
    await measureStages()
  } finally {
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
  }
} finally {
  await embedded?.close()
  await rm(folder, { recursive: true })
}
