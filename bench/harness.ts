/** What the measurements share: processes to measure, a client, figures. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)
export const say = (line: string) => process.stdout.write(`${line}\n`)
export const MB = 1e6

export interface Measured {
  origin: string
  pid: number
}

/** A folder for one measurement, and the processes in it; `end` removes all of it. */
export class Bench {
  readonly #children: ChildProcess[] = []

  private constructor(readonly folder: string) {}

  static async begin(): Promise<Bench> {
    if (!existsSync('dist/server.js')) throw new Error('the service is not built: npm run build')
    return new Bench(await mkdtemp(join(tmpdir(), 'kura-bench-')))
  }

  /** The compiled service as `npm start` runs it, with what the environment says of database and bucket; `env` goes before. */
  async startService(env: Record<string, string> = {}): Promise<Measured> {
    const given = {
      LOG_LEVEL: 'warn',
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(this.folder, 'data'),
      ...env,
    }
    const node = ['--max-semi-space-size=8', 'dist/server.js']
    return this.#start(node, { MALLOC_ARENA_MAX: '2', ...given }, /Kura listens on (\S+)/)
  }

  /** One of the bare programs of `peers.ts`. */
  async startPeer(name: string, env: Record<string, string> = {}): Promise<Measured> {
    return this.#start(['--import=tsx', 'bench/peers.ts', name, this.folder], env, /listens on (\S+)/)
  }

  async #start(args: string[], env: Record<string, string>, listens: RegExp): Promise<Measured> {
    const child = spawn(process.execPath, args, {
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
    throw new Error(`it ended before it listened: ${output}`)
  }

  /** A file of so many bytes. */
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

  async end(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Registers a user; answers the header that signs its requests. */
export async function register(origin: string): Promise<{ Authorization: string }> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${origin}/api/auth/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: `bench-${Date.now()}-${tries}` }),
    })
    const body = (await answer.json()) as { res?: { token: string } }
    if (body.res) return { Authorization: `Bearer ${body.res.token}` }
    if (tries > 50) throw new Error(`it does not register anybody: ${JSON.stringify(body)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Runs curl; answers the seconds it took and what came. */
export async function curl(...args: string[]): Promise<{ seconds: number; body: string }> {
  const { stdout } = await run('curl', ['-fsS', '-w', '\n%{time_total}', ...args], { maxBuffer: 64 * MB })
  const end = stdout.lastIndexOf('\n')
  return { seconds: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

/** Uploads files by curl; answers the address of the first one. */
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

export const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Seconds of processor time that a process has used, in all its threads (Linux). */
export async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

/** What one piece of work took: seconds on the clock, and of the processor. */
export interface Taken {
  seconds: number
  processor: number
}

export async function take(pid: number, work: () => Promise<{ seconds: number }>): Promise<Taken> {
  const before = await processorTime(pid)
  const { seconds } = await work()
  return { seconds, processor: (await processorTime(pid)) - before }
}

/** Prints the medians of the service beside those of its peer, for so many megabytes a piece. */
export function compareTaken(
  what: string,
  megabytes: number,
  service: Taken[],
  peer: Taken[],
  target: number,
) {
  const of = (taken: Taken[], key: keyof Taken) => median(taken.map((one) => one[key]))
  const rate = (taken: Taken[]) => megabytes / of(taken, 'seconds')
  compare(what, 'MB/s', rate(service), rate(peer), target)
  const processor = (taken: Taken[]) => ((of(taken, 'processor') / megabytes) * 1000).toFixed(2)
  say(`${''.padEnd(40)} processor: ${processor(service)} ms/MB   bare ${processor(peer)} ms/MB`)
}

/** Prints the service's figure beside its peer's; both are the more the better. */
export function compare(what: string, unit: string, service: number, peer: number, target: number): void {
  const ratio = service / peer
  const verdict = ratio >= target ? 'ok' : 'MISSED'
  const figures = `${service.toFixed(0).padStart(7)} ${unit}   bare ${peer.toFixed(0).padStart(7)} ${unit}`
  say(`${what.padEnd(40)} ${figures}   ${ratio.toFixed(2)}×  (≥ ${target}×: ${verdict})`)
  if (ratio < target) process.exitCode = 1
}

/** The most memory that a process has had at once since `resetPeak`, in MB (Linux). */
export async function peakMemory(pid: number): Promise<number> {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kilobytes) * 1024) / MB
}

/** Writing 5 there sets the peak to what is used now; see proc(5). */
export const resetPeak = (pid: number) => writeFile(`/proc/${pid}/clear_refs`, '5')

/** The memory that a process uses now, in MB (Linux). */
export async function memory(pid: number): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kilobytes) * 1024) / MB
}
