import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { parse } from 'yaml'
import { json, register, uploadFile } from '../support/app/client.ts'
import { type MetricFamily, readMetrics, sumOf } from '../support/app/metrics.ts'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

const FOLDER = 'docs/operations'

/** Labels that Prometheus adds. */
const ADDED_LABELS = ['instance', 'le']
/** The standard metrics of prom-client. */
const STANDARD = /^(?:process|nodejs)_/

interface Rule {
  alert: string
  expr: string
  annotations: { summary: string }
}

interface Panel {
  title: string
  targets?: { expr: string; legendFormat: string }[]
}

interface Query {
  place: string
  expression: string
  /** Labels that the text of the alert or the legend names. */
  shown: string[]
}

/** What an expression names. */
interface Names {
  series: string[]
  labels: string[]
}

/** @throws Error when the expression is not valid PromQL */
function namesIn({ place, expression }: Query): Names {
  const found: Names = { series: [], labels: [] }
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const text = expression.slice(from, to)
      if (type.isError) throw new Error(`${place}: not PromQL at "${expression.slice(from)}"`)
      if (type.name === 'VectorSelector') {
        const { firstChild } = node
        found.series.push(expression.slice(firstChild?.from, firstChild?.to))
      }
      if (type.name === 'LabelName') found.labels.push(text)
    },
  })
  if (found.series.length === 0) throw new Error(`${place}: names no series`)
  return found
}

const labelsIn = (text: string) =>
  [...text.matchAll(/\{\{(?: \$labels\.)? ?(\w+) ?\}\}/g)].map(([, name]) => String(name))

describe('docs/operations', function () {
  this.timeout(240_000)
  let folder: string
  let families: Map<string, MetricFamily>
  let queries: Query[]
  let rules: Rule[]
  let readme: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-operations-'))
    families = await metricsOfRun(folder)
    readme = await readFile(`${FOLDER}/README.md`, 'utf8')
    const { groups } = parse(await readFile(`${FOLDER}/alerts.yaml`, 'utf8')) as {
      groups: { rules: Rule[] }[]
    }
    rules = groups.flatMap((group) => group.rules)
    const { panels, templating } = JSON.parse(await readFile(`${FOLDER}/grafana-dashboard.json`, 'utf8'))
    queries = [
      ...rules.map(({ alert, expr, annotations: { summary } }) => query(alert, expr, summary)),
      ...(panels as Panel[]).flatMap(({ title, targets = [] }) =>
        targets.map(({ expr, legendFormat }) => query(title, expr, legendFormat)),
      ),
      ...(templating.list as { name: string; definition?: string }[]).flatMap(({ name, definition }) =>
        definition ? [query(name, definition.replace(/^label_values\((.*), \w+\)$/, '$1'), '')] : [],
      ),
    ]
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const query = (place: string, expression: string, text: string): Query => ({
    place,
    expression: expression.replaceAll('$__rate_interval', '5m'),
    shown: labelsIn(text),
  })

  it('dashboard and alerts – every expression → valid, of series and labels that a run has', () => {
    expect(queries.length).to.be.greaterThan(60)
    const samples = [...families.values()].flatMap((family) => family.samples)
    for (const one of queries) {
      const { series, labels } = namesIn(one)
      const known = samples.filter((sample) => series.includes(sample.series))
      const missing = series.filter((name) => !known.some((sample) => sample.series === name))
      expect(missing, `${one.place}: series`).to.deep.equal([])
      const ofSeries = new Set([...ADDED_LABELS, ...known.flatMap((sample) => Object.keys(sample.labels))])
      expect([...ofSeries], `${one.place}: labels`).to.include.members([...labels, ...one.shown])
    }
  })

  it('namesIn – wrong expressions → refused', () => {
    for (const expression of ['rate(kura_errors_total[5m]', 'sum by kura_errors_total', 'a{b=c}', '1 + 1'])
      expect(() => namesIn({ place: 'test', expression, shown: [] }), expression).to.throw('test: ')
  })

  it('metrics – names → Prometheus conventions: base units, counters end with _total', () => {
    for (const { name, type } of families.values()) {
      if (STANDARD.test(name)) continue
      expect(name).to.match(/^(?:kura|http|queue)_[a-z_]+$/)
      expect(name.endsWith('_total'), name).to.equal(type === 'counter')
      expect(name).to.not.match(/_(?:ms|milliseconds|kb|mb|percent|minutes|hours|days)(?:_|$)/)
      if (type === 'histogram') expect(name).to.match(/_seconds$/)
    }
  })

  it('README – table of series → every metric with its type and labels, no other one', () => {
    const rows = [...readme.matchAll(/^\| `((?:kura|http|queue)_\w+)` \| (\w+)[^|]*\| ([^|]*)\| (.+) \|$/gm)]
    const described = rows.map(([, name, type, labels = '']) => [
      name,
      type,
      ...[...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
    ])
    const own = [...families.values()].filter(({ name }) => !STANDARD.test(name))
    const actual = own.map(({ name, type, help, samples }) => {
      expect(help, `HELP of ${name}`).to.match(/\w+ ?\w*/)
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
      labels.delete('le')
      return [name, type, ...[...labels].sort()]
    })
    expect(described.map((row) => row.join(' ')).sort()).to.deep.equal(
      actual.map((row) => row.join(' ')).sort(),
    )
  })

  it('README – table of alerts → every alert in the same order, no other one', () => {
    const described = [...readme.matchAll(/^\| `(Kura\w+)` \| .+ \|$/gm)].map(([, name]) => name)
    expect(described).to.deep.equal(rules.map(({ alert }) => alert))
  })

  it('GET /metrics – after a backup by another process → its result', () => {
    expect(sumOf(families, 'kura_backup_last_assets')).to.equal(1)
    expect(sumOf(families, 'kura_backup_last_bytes')).to.equal(100_000)
    const success = Number(sumOf(families, 'kura_backup_last_success_timestamp_seconds'))
    const failure = Number(sumOf(families, 'kura_backup_last_failure_timestamp_seconds'))
    expect(Math.abs(success - Date.now() / 1000)).to.be.lessThan(200)
    expect(failure).to.be.at.least(success)
  })

  it('GET /metrics – traffic, uploads and space → the numbers of the run', () => {
    expect(sumOf(families, 'kura_received_bytes_total')).to.be.within(100_000, 200_000)
    expect(sumOf(families, 'kura_sent_bytes_total')).to.be.at.least(100_000)
    expect(sumOf(families, 'kura_uploaded_bytes_total')).to.equal(100_000)
    expect(sumOf(families, 'kura_space_used_bytes')).to.equal(100_000)
    expect(sumOf(families, 'kura_websocket_connections')).to.equal(1)
    expect(sumOf(families, 'kura_errors_total', { code: 'not_found' })).to.equal(1)
    expect(sumOf(families, 'kura_job_runs_total', { task: 'sweep', result: 'succeeded' })).to.be.at.least(1)
  })
})

/** Runs a service on an empty folder with traffic of each kind, a backup and a failed backup. Returns its metrics. */
async function metricsOfRun(folder: string): Promise<Map<string, MetricFamily>> {
  const environment = { DATA_DIR: join(folder, 'data') }
  const { origin } = await startProcess(environment)
  const user = await register(origin)
  const headers = { Authorization: `Bearer ${user.token}` }
  const path = await uploadFile(user, Buffer.alloc(100_000, 'not a picture'))
  const broken = new AbortController()
  const upload = fetch(`${origin}/api/files/broken.bin`, {
    method: 'PUT',
    headers,
    body: new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(10)) }),
    duplex: 'half',
    signal: broken.signal,
  } as RequestInit).catch(() => undefined)
  await eventually(async () => expect(sumOf(await readMetrics(origin), 'kura_uploads_running')).to.equal(1))
  broken.abort()
  await upload
  for (const address of [path, '/api/assets', '/no/such/path'])
    await (await fetch(origin + address, { headers })).arrayBuffer()
  await fetch(`${origin}/api/auth/login`, json({ login: user.username, password: user.password }))
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
  await new Promise((resolve) => socket.once('open', resolve))
  const backUp = async () => {
    const { ended } = runProcess(environment, 'commands/backup.ts', `set -- "$@" ${join(folder, 'backup')}`)
    return ended
  }
  expect(await backUp()).to.equal(0)
  // the folder is not empty any more
  expect(await backUp()).to.equal(1)
  return eventually(async () => {
    const families = await readMetrics(origin)
    expect(sumOf(families, 'kura_backup_last_failure_timestamp_seconds')).to.be.a('number')
    expect(sumOf(families, 'kura_upload_duration_seconds_count', { result: 'discarded' })).to.equal(1)
    return families
  }, 20_000)
}
