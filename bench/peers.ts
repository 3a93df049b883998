/**
 * Compares Kura with running peers in one interleaved run: `npm run bench:peers -- --directus URL --parse URL`.
 * `bench/README.md` says how to start them and what the options mean.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { countCommands } from './count-commands.ts'
import { Bench, curl, median, peakMemory, processorTime, say, verdict } from './harness.ts'
import { prepareDirectus, prepareKura, prepareParse, READS, type ReadName, type Service } from './services.ts'

const LARGE = 256 * 2 ** 20
const UPLOADS = 300

const { values: options } = parseArgs({
  options: {
    directus: { type: 'string' },
    'directus-pid': { type: 'string' },
    parse: { type: 'string' },
    'parse-pid': { type: 'string' },
    old: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
  },
})
const ROUNDS = Number(options.rounds)
const SECONDS = Number(options.seconds)

const SMALL = '1 kB uploads'
const UP = 'upload 256 MiB'
const DOWN = 'download 256 MiB'
const CPU = 'processor per small upload'
const MEMORY = 'peak memory'
const UNITS = {
  ...Object.fromEntries(READS.map((name) => [name, '/s'])),
  ...{ [SMALL]: '/s', [CPU]: 'ms', [UP]: 'MiB/s', [DOWN]: 'MiB/s', [MEMORY]: 'MB' },
}

/** The figures of one service, by row. */
type Figures = Map<string, number[]>

const bench = await Bench.begin()
try {
  const services = await start()
  const figures = new Map(services.map(({ name }) => [name, new Map() as Figures]))
  const large = await bench.makeFile('large', LARGE)
  // the round before the first warms up and does not count
  for (let round = 0; round <= ROUNDS; round++) {
    for (const measure of [...READS.map(readsOf), smallUploads, largeFile(large)]) {
      for (const service of services) {
        const measured = await measure(service)
        for (const [row, figure] of Object.entries(measured)) {
          const rows = figures.get(service.name)
          if (round > 0) rows?.set(row, [...(rows.get(row) ?? []), figure])
        }
      }
    }
    say(`round ${round} of ${ROUNDS}`)
  }
  for (const { name, pid } of services) if (pid) figures.get(name)?.set(MEMORY, [await peakMemory(pid)])
  print(figures)
  judge(figures)
  await countUpload()
} finally {
  await bench.end()
}

/** Starts Kura on each database, the older checkout beside it, and plants the assets in all services. */
async function start(): Promise<Service[]> {
  const services: Service[] = []
  const kura = async (name: string, uri: string | undefined, dir?: string) => {
    const database = uri ? { MONGODB_URI: bench.newDatabase(uri) } : { MONGODB_URI: '' }
    const data = join(bench.folder, name.replaceAll(' ', '-'))
    const env = { ...database, DATA_DIR: data, S3_BUCKET: '', S3_ENDPOINT: '', NODE_ENV: 'development' }
    services.push(await prepareKura(bench, name, await bench.startService(env, dir)))
  }
  const uri = process.env.MONGODB_URI
  if (uri) await kura('Kura', uri)
  if (uri && options.old) await kura('old', uri, options.old)
  await kura('Kura embedded', undefined)
  if (options.old) await kura('old embedded', undefined, options.old)
  const pidOf = (pid: string | undefined) => (pid ? Number(pid) : undefined)
  if (options.directus) services.push(await prepareDirectus(options.directus, pidOf(options['directus-pid'])))
  if (options.parse) services.push(await prepareParse(options.parse, pidOf(options['parse-pid'])))
  return services
}

function readsOf(name: ReadName) {
  return async ({ origin, reads }: Service): Promise<Record<string, number>> => {
    const { path, others = [path], headers = {} } = reads[name]
    const setupRequest = (request: autocannon.Request) => ({
      ...request,
      path: others[Math.floor(Math.random() * others.length)] ?? path,
    })
    const requests = [{ headers, setupRequest }]
    const result = await autocannon({ url: origin, requests, connections: 16, duration: SECONDS })
    refuseErrors(name, result)
    return { [name]: result.requests.total / result.duration }
  }
}

async function smallUploads({ origin, pid, smallUpload }: Service): Promise<Record<string, number>> {
  const before = pid ? await processorTime(pid) : 0
  const begun = performance.now()
  let last = begun
  // autocannon reports a duration in whole seconds
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      { url: origin, connections: 8, amount: UPLOADS * smallUpload.length, requests: smallUpload },
      (error, measured) => (error ? reject(error) : resolve(measured)),
    )
    run.on('response', () => {
      last = performance.now()
    })
  })
  refuseErrors(SMALL, result)
  const used = pid ? { [CPU]: (((await processorTime(pid)) - before) * 1000) / UPLOADS } : {}
  return { [SMALL]: UPLOADS / ((last - begun) / 1000), ...used }
}

function refuseErrors(name: string, { non2xx, errors, statusCodeStats }: autocannon.Result): void {
  if (non2xx + errors > 0) throw new Error(`${name}: ${errors} errors, ${JSON.stringify(statusCodeStats)}`)
}

function largeFile(path: string) {
  return async ({ uploadLarge }: Service): Promise<Record<string, number>> => {
    const { seconds, download } = await uploadLarge(path)
    const { seconds: down } = await curl('-o', '/dev/null', ...download)
    return { [UP]: LARGE / 2 ** 20 / seconds, [DOWN]: LARGE / 2 ** 20 / down }
  }
}

function print(figures: Map<string, Figures>): void {
  const names = [...figures.keys()]
  say(`\n${''.padEnd(34)}${names.map((name) => name.padStart(15)).join('')}`)
  for (const [row, unit] of Object.entries(UNITS)) {
    const cells = names.map((name) => figureOf(figures, name, row)?.toFixed(row === CPU ? 1 : 0) ?? '–')
    say(`${`${row}, ${unit}`.padEnd(34)}${cells.map((cell) => cell.padStart(15)).join('')}`)
  }
  say('')
}

function figureOf(figures: Map<string, Figures>, name: string, row: string): number | undefined {
  const measured = figures.get(name)?.get(row)
  return measured && median(measured)
}

/** Prints the ratios that must hold. */
function judge(figures: Map<string, Figures>): void {
  const best = (row: string) =>
    Math.max(...['Directus', 'Parse Server'].map((name) => figureOf(figures, name, row) ?? 0))
  const ratio = (row: string, name: string, other: number | undefined, label: string, target: number) => {
    const own = figureOf(figures, name, row)
    if (own === undefined || !other) return
    const isMet = row === CPU ? own / other <= target : own / other >= target
    const sign = row === CPU ? '≤' : '≥'
    say(
      `${row.padEnd(28)} ${name.padEnd(14)} ${(own / other).toFixed(2)}× ${label.padEnd(13)} (${sign} ${target}×: ${verdict(isMet)})`,
    )
  }
  const to = (row: string, name: string, other: string, target: number) =>
    ratio(row, name, figureOf(figures, other, row), other, target)
  for (const [row, target] of [
    ['get one by id', 1.3],
    ['20 newest', 1],
    ['own 20 newest', 0.8],
    ['text search', 1],
    ['different searches', 1],
  ] as const)
    to(row, 'Kura', 'Parse Server', target)
  for (const name of ['Kura', 'Kura embedded']) {
    for (const row of ['20 newest', 'own 20 newest', 'text search', 'different searches'])
      to(row, name, 'Directus', 2)
    to(SMALL, name, 'Directus', 1.5)
    ratio(DOWN, name, best(DOWN), 'best peer', 1)
  }
  for (const [name, old] of [
    ['Kura', 'old'],
    ['Kura embedded', 'old embedded'],
  ] as const) {
    to(SMALL, name, old, 2)
    to(CPU, name, old, 0.5)
  }
}

/** Prints the database commands of one small upload of Kura, on the database of MONGODB_URI or an embedded one. */
async function countUpload(): Promise<void> {
  const given = process.env.MONGODB_URI
  const embedded = given ? undefined : (await bench.startBare('database')).origin
  for (const dir of [undefined, ...(options.old ? [options.old] : [])]) {
    // an older release refuses the database of a newer one
    const uri = given ? bench.newDatabase(given) : String(embedded).replace('/?', dir ? '/old?' : '/new?')
    const proxy = await countCommands(uri)
    const data = join(bench.folder, dir ? 'counted-old' : 'counted')
    const env = { MONGODB_URI: proxy.uri, DATA_DIR: data, S3_BUCKET: '', S3_ENDPOINT: '' }
    const { origin, smallUpload } = await prepareKura(bench, 'counted', await bench.startService(env, dir))
    const [request] = smallUpload
    const counted: string[][] = []
    for (let i = 0; i < 20; i++) {
      proxy.take()
      await autocannon({ url: origin, connections: 1, amount: 1, requests: [{ ...request }] })
      counted.push(proxy.take())
    }
    const [least = []] = counted.sort((one, other) => one.length - other.length)
    say(`${dir ? 'old: ' : ''}${least.length} database commands for a small upload: ${least.join(' · ')}`)
    proxy.close()
  }
}
