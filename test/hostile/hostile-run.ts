import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { INSPECTED, usedMemory } from '../support/app/inspector.ts'
import { runProcess, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { makeGround } from '../support/kill/ground.ts'
import { attackBodies } from './attacks/bodies.ts'
import { attackHttp, attackJson, attackSlowly } from './attacks/http.ts'
import { attackRoutes } from './attacks/requests.ts'
import { attackSearches } from './attacks/searches.ts'
import { attackFrames, attackHandshakes } from './attacks/sockets.ts'
import { Target } from './attacks/target.ts'
import { attackDownloads, attackUploads } from './attacks/transfers.ts'

/** Number of cases of each attack in one round. */
interface HostileCounts {
  frames: number
  handshakes: number
  downloads: number
  uploads: number
  bodies: number
  requests: number
  searches: number
  json: number
  http: number
  slow: number
  /** How long slow clients stay connected, in milliseconds. */
  slowMs: number
}

interface Options {
  counts: HostileCounts
  seed: number
  /** Rounds, at least 2: the memory of each is compared with the first. */
  rounds: number
  /** After the second round, no round begins after this time, in milliseconds. */
  limitMs?: number
  /** The names of the attacks to run; default: all. */
  only?: string[]
  progress?: (line: string) => void
}

interface HostileReport {
  /** Description of the database and the store. */
  ground: string
  /** Number of answers by status; 0: closed without an answer. */
  statuses: Record<number, number>
  /** Highest memory of each round without mapped files, in bytes. Depends on when garbage is collected. */
  peaks: number[]
  /** Memory in use after each round and a garbage collection, in bytes. */
  used: number[]
  /** Slowest answer of /healthz during the attacks, in milliseconds. */
  slowestHealth: number
  /** Errors found; empty if the run succeeded. */
  errors: string[]
}

/** Memory settings of `npm start`. */
const AS_STARTED = { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: `--max-semi-space-size=8 ${INSPECTED}` }
/** Time limit of `/healthz` after an attack, in milliseconds. */
const HEALTH_MS = 100
/** Time limit for the cleanup after an attack, in milliseconds. */
const CLEAN_MS = 90_000

/**
 * Attacks the compiled service in its own process, in rounds of the same attacks with the same seeds. Reports errors:
 * an exit, a status 500, a remaining reservation, an orphan, a missing answer.
 */
export async function runHostile({
  counts,
  seed,
  rounds,
  limitMs,
  only,
  progress,
}: Options): Promise<HostileReport> {
  const ground = await makeGround()
  const env = { LOG_LEVEL: 'warn', REGISTRATIONS_PER_HOUR: '0', ...AS_STARTED, ...ground.env }
  const service = await startProcess(env)
  const report: HostileReport = {
    ground: ground.description,
    statuses: {},
    peaks: [],
    used: [],
    slowestHealth: 0,
    errors: [],
  }
  const begun = Date.now()
  try {
    for (let round = 1; round <= rounds && report.errors.length === 0; round++) {
      if (round > 2 && limitMs !== undefined && Date.now() - begun > limitMs) break
      const memory = watchMemory(service.pid)
      await runRound(service, env, { counts, seed: seed + (limitMs ? round : 0), report, only, progress })
      if (service.hasEnded()) break
      report.peaks.push(memory.end())
      report.used.push(await usedMemory(service))
      const [peak, used] = [report.peaks, report.used].map((values) =>
        Math.round(Number(values.at(-1)) / 1e6),
      )
      progress?.(`round ${round}: peak ${peak} MB, in use ${used} MB`)
    }
    report.errors.push(...errorsInLog(service.output()))
    service.signal('SIGTERM')
    const code = await service.ended
    if (code !== 0) report.errors.push(`the service ended with ${code}: ${service.output().slice(-2000)}`)
    await ground.end(async () => undefined)
    return report
  } finally {
    await ground.remove()
  }
}

interface Round {
  counts: HostileCounts
  seed: number
  report: HostileReport
  only: Options['only']
  progress: Options['progress']
}

async function runRound(
  service: ServiceProcess,
  env: Record<string, string>,
  { counts, seed, report, only, progress }: Round,
) {
  const target = await Target.create(service.origin)
  const attacks: [name: string, run: () => Promise<void>][] = [
    ['frames', () => attackFrames(target, counts.frames, seed)],
    ['handshakes', () => attackHandshakes(target, counts.handshakes)],
    ['downloads', () => attackDownloads(target, counts.downloads, seed)],
    ['uploads', () => attackUploads(target, counts.uploads, seed)],
    ['multipart bodies', () => attackBodies(target, counts.bodies, seed)],
    ['JSON', () => attackJson(target, counts.json)],
    ['HTTP', () => attackHttp(target, counts.http)],
    [
      'searches',
      async () => {
        const slowest = await attackSearches(target, counts.searches, seed)
        progress?.(`slowest list during searches: ${Math.round(slowest)} ms`)
      },
    ],
    ['slow clients', () => attackSlowly(target, counts.slow, counts.slowMs)],
    // last, because it deletes assets that the other attacks use
    ['requests', () => attackRoutes(target, counts.requests, seed)],
  ]
  for (const [name, run] of attacks.filter(([one]) => only?.includes(one) ?? true)) {
    const began = Date.now()
    const watch = watchHealth(service.origin, report)
    await run()
      .catch((error) => target.fail(`${name} failed: ${error.cause ?? error}`))
      .finally(watch.end)
    progress?.(`${name}: ${Date.now() - began} ms`)
    if (service.hasEnded()) {
      report.errors.push(`the process ended during ${name}: ${service.output().slice(-3000)}`)
      return
    }
    await assertHealthy(service.origin).catch((error) => target.fail(`after ${name}: ${error.message}`))
  }
  await eventually(async () => {
    const { reserved } = await target.space()
    if (reserved !== 0) throw new Error(`${reserved} bytes stay reserved`)
  }, CLEAN_MS).catch((error) => target.fail(error.message))
  await target.deleteAccounts().catch((error) => target.fail(`accounts could not be deleted: ${error}`))
  await eventually(() => assertClean(env), CLEAN_MS).catch((error) => target.fail(error.message))
  report.errors.push(...target.errors)
  for (const [status, count] of target.statuses)
    report.statuses[status] = (report.statuses[status] ?? 0) + count
}

/** Requests `/healthz` repeatedly and records the slowest answer. */
function watchHealth(origin: string, report: HostileReport): { end(): void } {
  let over = false
  const watch = async () => {
    while (!over) {
      const began = performance.now()
      await fetch(`${origin}/healthz`).catch(() => undefined)
      report.slowestHealth = Math.max(report.slowestHealth, Math.round(performance.now() - began))
      await delay(50)
    }
  }
  void watch()
  return {
    end: () => {
      over = true
    },
  }
}

async function assertHealthy(origin: string): Promise<void> {
  await eventually(async () => {
    const began = performance.now()
    const { status } = await fetch(`${origin}/healthz`)
    const took = performance.now() - began
    if (status !== 200 || took > HEALTH_MS)
      throw new Error(`/healthz: ${status} after ${Math.round(took)} ms`)
  }, 60_000)
}

/** Runs `storage:check` beside the service. Throws if it finds anything. */
async function assertClean(env: Record<string, string>): Promise<void> {
  const check = runProcess(
    { ...env, LOG_LEVEL: 'silent' },
    'commands/storage-check.ts',
    'set -- "$@" --grace 0',
  )
  const code = await check.ended
  if (code !== 0) throw new Error(`storage:check: ${check.output()}`)
  await delay(500)
}

/** Returns the log lines about internal errors or the end of the process. */
function errorsInLog(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => /"statusCode":500|"level":60|unhandled|uncaught/i.test(line))
    .slice(0, 5)
    .map((line) => `in the log: ${line.slice(0, 2000)}`)
}

/**
 * Samples the memory of a process until `end`, which returns the highest value in bytes. Mapped files are not included,
 * because the system can free the pages of the embedded database at any time.
 */
function watchMemory(pid: number): { end(): number } {
  let peak = 0
  const sample = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    peak = Math.max(peak, Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024)
  }
  const timer = setInterval(() => void sample(), 20)
  return {
    end() {
      clearInterval(timer)
      return peak
    },
  }
}
