/** Shared by all measurements: starting the measured processes, clients, and figures. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mongo } from 'mongoose'

export const run = promisify(execFile)
export const say = (line: string) => process.stdout.write(`${line}\n`)
export const MB = 1e6

const DISK = { S3_BUCKET: '', S3_ENDPOINT: '' }

/** Stores to measure, with their environment: the disk, and the bucket of S3_ENDPOINT if it is set. */
export const stores: [name: string, env: Record<string, string>][] = [
  ['disk', DISK],
  ...(process.env.S3_ENDPOINT ? [['S3', {}] as [string, Record<string, string>]] : []),
]

/** A running process and its URL. */
export interface Measured {
  origin: string
  pid: number
}

/** A temporary folder and the processes of one measurement. `end` stops the processes, drops the databases and removes the folder. */
export class Bench {
  readonly #children: ChildProcess[] = []
  readonly #databases: string[] = []

  private constructor(readonly folder: string) {}

  static async begin(): Promise<Bench> {
    if (!existsSync('dist/server.js')) throw new Error('the service is not built: npm run build')
    return new Bench(await mkdtemp(join(tmpdir(), 'kura-bench-')))
  }

  /**
   * Starts the compiled service as `npm start` does. Database and bucket come from the environment; `env` overrides it.
   *
   * @param dir the checkout whose compiled service is started
   */
  async startService(env: Record<string, string> = {}, dir = process.cwd()): Promise<Measured> {
    const given = {
      LOG_LEVEL: 'warn',
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(this.folder, 'data'),
      ...env,
    }
    const node = ['--max-semi-space-size=8', '--heap-growing-percent=40', 'dist/server.js']
    return this.#start(node, { MALLOC_ARENA_MAX: '2', ...given }, /Kura listens on ([^\s"]+)/, dir)
  }

  /** Starts one of the bare programs in `bare.ts`. */
  async startBare(name: string, env: Record<string, string> = {}): Promise<Measured> {
    return this.#start(['--import=tsx', 'bench/bare.ts', name, this.folder], env, /listens on (\S+)/)
  }

  /** Returns the URI of a new database on the server of `uri`. `end` drops it. */
  newDatabase(uri: string): string {
    const address = new URL(uri)
    address.pathname = `kura-bench-${randomUUID().slice(0, 8)}`
    this.#databases.push(address.href)
    return address.href
  }

  async #start(
    args: string[],
    env: Record<string, string>,
    listens: RegExp,
    cwd = process.cwd(),
  ): Promise<Measured> {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.push(child)
    let output = ''
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      output += text
      const [, origin] = listens.exec(output) ?? []
      if (!origin) continue
      child.stdout.resume()
      return { origin: origin.replace('localhost', '127.0.0.1'), pid: Number(child.pid) }
    }
    throw new Error(`the process ended before it listened: ${output}`)
  }

  /** Creates a file of the given size. Returns its path. */
  async makeFile(name: string, bytes: number): Promise<string> {
    const path = join(this.folder, name)
    const block = Buffer.alloc(MB, 'not a file of any known kind; ')
    const file = await open(path, 'w')
    for (let written = 0; written < bytes; written += MB)
      await file.write(block, 0, Math.min(MB, bytes - written))
    await file.sync()
    await file.close()
    return path
  }

  /** Stops a process and waits until it has ended. */
  async stop({ pid }: Pick<Measured, 'pid'>): Promise<void> {
    const child = this.#children.find((one) => one.pid === pid)
    if (!child || child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }

  async end(): Promise<void> {
    for (const { pid } of this.#children) if (pid) await this.stop({ pid })
    for (const uri of this.#databases) {
      const client = await mongo.MongoClient.connect(uri)
      await client.db().dropDatabase()
      await client.close()
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Registers a user, retrying while the service starts. Returns the header that authenticates requests. */
export async function register(origin: string): Promise<{ Authorization: string }> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(`${origin}/api/auth/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: `bench-${Date.now()}-${tries}` }),
    })
    const body = (await response.json()) as { res?: { token: string } }
    if (body.res) return { Authorization: `Bearer ${body.res.token}` }
    if (tries > 50) throw new Error(`registration failed: ${JSON.stringify(body)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Runs curl. Returns the duration in seconds and the response body. */
export async function curl(...args: string[]): Promise<{ seconds: number; body: string }> {
  const { stdout } = await run('curl', ['-fsS', '-w', '\n%{time_total}', ...args], { maxBuffer: 64 * MB })
  const end = stdout.lastIndexOf('\n')
  return { seconds: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

/** Uploads a file with curl. Returns the asset's id and the URL of the file. */
export async function upload(origin: string, { Authorization }: { Authorization: string }, path: string) {
  const { body, seconds } = await curl(
    '-H',
    `Authorization: ${Authorization}`,
    '-F',
    `files=@${path}`,
    `${origin}/api/assets`,
  )
  const { asset } = JSON.parse(body).res as { asset: { id: string; files: { url: string }[] } }
  return { id: asset.id, url: new URL(String(asset.files[0]?.url), origin).href, seconds }
}

/** Uploads a public asset of one file for each item, 100 with one curl, each with its form fields. Returns the ids. */
export async function uploadMany(
  origin: string,
  authorization: string,
  path: string,
  fieldsOfEach: string[][],
): Promise<string[]> {
  const argumentsOf = (fields: string[]) => [
    ...['-H', `Authorization: ${authorization}`, '-F', `files=@${path}`, '-F', 'visibility=public'],
    ...fields.flatMap((field) => ['-F', field]),
    ...[`${origin}/api/assets`, '--next'],
  ]
  const ids: string[] = []
  for (let from = 0; from < fieldsOfEach.length; from += 100) {
    const args = fieldsOfEach.slice(from, from + 100).flatMap(argumentsOf)
    const { stdout } = await run('curl', ['-sS', ...args.slice(0, -1)], { maxBuffer: 64 * MB })
    ids.push(...[...stdout.matchAll(/"asset":\{"id":"([0-9a-f]+)"/g)].map(([, id]) => String(id)))
  }
  if (ids.length !== fieldsOfEach.length)
    throw new Error(`${ids.length} of ${fieldsOfEach.length} assets were stored`)
  return ids
}

export const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Returns the processor time that all threads of a process have used, in seconds (Linux). */
export async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

/** Duration and processor time of one measured call, in seconds. */
export interface Timing {
  seconds: number
  processor: number
}

/** Measures the processor time of a process during a call. */
export async function measureTime(pid: number, work: () => Promise<{ seconds: number }>): Promise<Timing> {
  const before = await processorTime(pid)
  const { seconds } = await work()
  return { seconds, processor: (await processorTime(pid)) - before }
}

/** Prints the medians of the service and of its peer; each call has moved `megabytes`. */
export function compareTimings(
  label: string,
  megabytes: number,
  service: Timing[],
  peer: Timing[],
  target: number,
) {
  const medianOf = (timings: Timing[], key: keyof Timing) => median(timings.map((one) => one[key]))
  const rate = (timings: Timing[]) => megabytes / medianOf(timings, 'seconds')
  compare(label, 'MB/s', rate(service), rate(peer), target)
  const processor = (timings: Timing[]) => ((medianOf(timings, 'processor') / megabytes) * 1000).toFixed(2)
  say(`${''.padEnd(40)} processor: ${processor(service)} ms/MB   bare ${processor(peer)} ms/MB`)
}

/** Prints a figure of the service and of its peer. Higher is better; a ratio below `target` is missed. */
export function compare(label: string, unit: string, service: number, peer: number, target: number): void {
  const ratio = service / peer
  const figures = `${service.toFixed(0).padStart(7)} ${unit}   bare ${peer.toFixed(0).padStart(7)} ${unit}`
  say(`${label.padEnd(40)} ${figures}   ${ratio.toFixed(2)}×  (≥ ${target}×: ${verdict(ratio >= target)})`)
}

/** Returns the word for a target that was met or missed. A missed target makes the process exit with code 1. */
export function verdict(isMet: boolean): string {
  if (!isMet) process.exitCode = 1
  return isMet ? 'ok' : 'MISSED'
}

/** Returns the most memory that a process has used since `resetPeak`, in MB (Linux). */
export const peakMemory = (pid: number) => memoryOf(pid, 'VmHWM')

/** Returns the memory that a process uses now, in MB (Linux). */
export const memory = (pid: number) => memoryOf(pid, 'VmRSS')

async function memoryOf(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(status) ?? []
  return (Number(kilobytes) * 1024) / MB
}

/** Resets the peak to the memory used now: writing 5 does that, see proc(5). */
export const resetPeak = (pid: number) => writeFile(`/proc/${pid}/clear_refs`, '5')
