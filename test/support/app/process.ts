import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '../eventually.ts'
import { compiled } from './compiled.ts'

/** The service as a process of its own. */
export interface ServiceProcess {
  origin: string
  pid: number
  /** All that it has printed, on both streams. */
  output(): string
  /** A line on its standard input. */
  writeLine(line: string): void
  signal(name: NodeJS.Signals): void
  hasEnded(): boolean
  /** How it ended: its exit code, or the signal that killed it. */
  ended: Promise<number | NodeJS.Signals>
}

/** A start may be slow where the machine is busy. */
const START_MS = 180_000

/** Nothing of the surroundings but what a process needs, and what the test says. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOST: '127.0.0.1',
  PORT: '0',
  BCRYPT_COST: '4',
}

const started = new Set<ChildProcess>()

/** Runs the service until it ends or listens; call `killAll` in an `after` hook. As `runProcess`. */
export async function startProcess(...how: Parameters<typeof runProcess>): Promise<ServiceProcess> {
  return waitUntilListening(runProcess(...how))
}

/** The process once it listens. */
export async function waitUntilListening(process: Omit<ServiceProcess, 'origin'>): Promise<ServiceProcess> {
  const [, found = ''] = await waitForOutput(process, /Kura listens on (\S+)/)
  return { ...process, origin: found.replace('localhost', '127.0.0.1') }
}

/** Waits for a process to print something. */
export function waitForOutput({ output }: Pick<ServiceProcess, 'output'>, what: RegExp) {
  return eventually(() => {
    const found = what.exec(output())
    if (!found) throw new Error(`it has not said ${what}:\n${output()}`)
    return found
  }, START_MS)
}

/**
 * Runs the service, or a command beside it, without waiting for anything.
 *
 * @param shell a line of shell to be run before it in the same process: limits, mounts
 */
export function runProcess(
  env: Record<string, string>,
  program = 'server.ts',
  shell = ':',
): Omit<ServiceProcess, 'origin'> {
  const node = [process.execPath, compiled(program)]
  const child = spawn('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...node], { env: { ...ENVIRONMENT, ...env } })
  started.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return {
    pid: Number(child.pid),
    output: () => output,
    writeLine: (line) => child.stdin.write(`${line}\n`),
    signal: (name) => child.kill(name),
    hasEnded: () => !started.has(child),
    ended: once(child, 'close').then(([code, signal]) => {
      started.delete(child)
      return code ?? signal
    }),
  }
}

/** Ends whatever a failed test has left. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...started].map((child) => {
      child.kill('SIGKILL')
      return once(child, 'close')
    }),
  )
}
