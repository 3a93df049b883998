import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { INSPECTED, usedMemory } from '../support/app/inspector.ts'
import { runProcess, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { makeGround } from '../support/kill/ground.ts'
import { attackBodies } from './attacks/bodies.ts'
import { attackHttp, attackJson, attackSlowly } from './attacks/http.ts'
import { attackRoutes } from './attacks/requests.ts'
import { attackFrames, attackHandshakes } from './attacks/sockets.ts'
import { attackDownloads, attackUploads } from './attacks/transfers.ts'
import { World } from './attacks/world.ts'

/** How much of each attack one round holds. */
export interface HostileCounts {
  frames: number
  handshakes: number
  downloads: number
  uploads: number
  bodies: number
  requests: number
  json: number
  http: number
  slow: number
  /** How long slow clients stay, in milliseconds. */
  slowMs: number
}

interface Options {
  counts: HostileCounts
  seed: number
  /** Rounds, at least 2: the memory of each is compared with the first. */
  rounds: number
  /** After the second, no round begins after this many milliseconds. */
  limitMs?: number
  /** The names of the attacks to run; default: all. */
  only?: string[]
  progress?: (line: string) => void
}

export interface HostileReport {
  /** Where database and bucket were. */
  ground: string
  /** Answers by status; 0 is a connection that was closed without an answer. */
  statuses: Record<number, number>
  /** The highest memory of each round, in bytes, without mapped files. It depends on when the collector runs. */
  peaks: number[]
  /** The memory in use after each round and a collection of garbage, in bytes. */
  used: number[]
  /** The slowest answer of /healthz during the attacks, in milliseconds. */
  slowestHealth: number
  /** What must not be; empty. */
  faults: string[]
}

/** Memory settings of `npm start`. */
const AS_STARTED = { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: `--max-semi-space-size=8 ${INSPECTED}` }
/** How soon `/healthz` must answer once an attack has ended, in milliseconds. */
const HEALTH_MS = 100
/** How long what an attack left may take to be cleaned up, in milliseconds. */
const CLEAN_MS = 90_000

/**
 * Attacks the compiled service as a process of its own, in rounds of the same attacks with the same seeds, and
 * reports all that should not be: an exit, a `500`, a reservation, an orphan, an answer that never came.
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
    faults: [],
  }
  const begun = Date.now()
  try {
    for (let round = 1; round <= rounds && report.faults.length === 0; round++) {
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
    report.faults.push(...faultsOfLog(service.output()))
    service.signal('SIGTERM')
    const code = await service.ended
    if (code !== 0) report.faults.push(`the service ended with ${code}: ${service.output().slice(-2000)}`)
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
  const world = await World.create(service.origin)
  const attacks: [name: string, run: () => Promise<void>][] = [
    ['frames', () => attackFrames(world, counts.frames, seed)],
    ['handshakes', () => attackHandshakes(world, counts.handshakes)],
    ['downloads', () => attackDownloads(world, counts.downloads, seed)],
    ['uploads', () => attackUploads(world, counts.uploads, seed)],
    ['multipart bodies', () => attackBodies(world, counts.bodies, seed)],
    ['JSON', () => attackJson(world, counts.json)],
    ['HTTP', () => attackHttp(world, counts.http)],
    ['slow clients', () => attackSlowly(world, counts.slow, counts.slowMs)],
    // the last, for it deletes what others attack
    ['requests', () => attackRoutes(world, counts.requests, seed)],
  ]
  for (const [name, run] of attacks.filter(([one]) => only?.includes(one) ?? true)) {
    const began = Date.now()
    const watch = watchHealth(service.origin, report)
    await run()
      .catch((error) => world.fault(`${name} broke off: ${error.cause ?? error}`))
      .finally(watch.end)
    progress?.(`${name}: ${Date.now() - began} ms`)
    if (service.hasEnded()) {
      report.faults.push(`the process ended during ${name}: ${service.output().slice(-3000)}`)
      return
    }
    await assertHealthy(service.origin).catch((error) => world.fault(`after ${name}: ${error.message}`))
  }
  await eventually(async () => {
    const { reserved } = await world.space()
    if (reserved !== 0) throw new Error(`${reserved} bytes stay reserved`)
  }, CLEAN_MS).catch((error) => world.fault(error.message))
  await world.leave().catch((error) => world.fault(`accounts could not be deleted: ${error}`))
  await eventually(() => assertClean(env), CLEAN_MS).catch((error) => world.fault(error.message))
  report.faults.push(...world.faults)
  for (const [status, count] of world.statuses)
    report.statuses[status] = (report.statuses[status] ?? 0) + count
}

/** Asks for `/healthz` again and again and keeps the slowest answer. */
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

/** Runs `storage:check` beside the service; a running command sees what a sweep would still have to remove. */
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

/** Lines of the log that tell of an internal error or of an end. */
function faultsOfLog(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => /"statusCode":500|"level":60|unhandled|uncaught/i.test(line))
    .slice(0, 5)
    .map((line) => `the log says ${line.slice(0, 2000)}`)
}

/**
 * Samples the memory of a process until `end`, which returns the highest value in bytes. Pages of mapped files do not
 * count: those of the embedded database are a cache that the system takes back.
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
