/**
 * `npm run test:hostile [-- --minutes N] [-- --seed N] [-- --only NAME,NAME]`: attacks the compiled service
 * in rounds with different seeds for N minutes, on disk and the embedded database, or on those that MONGODB_URI and
 * S3_ENDPOINT name. Reports the errors found, and exits with 1 if there are any.
 */
import { parseArgs } from 'node:util'
import { runHostile } from '../hostile/hostile-run.ts'
import { killAll } from '../support/app/process.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const counts = {
  frames: 2000,
  handshakes: 220,
  downloads: 1000,
  uploads: 300,
  bodies: 3000,
  requests: 10_000,
  searches: 2000,
  json: 2000,
  http: 230,
  slow: 200,
  slowMs: 20_000,
}
const report = await runHostile({
  counts,
  seed: Number(values.seed),
  rounds: Number.MAX_SAFE_INTEGER,
  limitMs: Number(values.minutes) * 60_000,
  ...(values.only === undefined ? {} : { only: values.only.split(',') }),
  progress: (line) => process.stderr.write(`${line}\n`),
}).finally(killAll)
const megabytes = (values: number[]) => values.map((value) => Math.round(value / 1e6)).join(', ')
process.stdout.write(
  `${report.peaks.length} rounds on ${report.ground}: ${report.errors.length} errors, ` +
    `peaks of ${megabytes(report.peaks)} MB, in use ${megabytes(report.used)} MB, slowest /healthz ${report.slowestHealth} ms, ` +
    `answers ${JSON.stringify(report.statuses)}\n`,
)
for (const error of report.errors) process.stdout.write(`  ${error}\n`)
process.exitCode = report.errors.length > 0 ? 1 : 0
