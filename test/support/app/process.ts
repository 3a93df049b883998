import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '../eventually.ts'
import { compiled } from './compiled.ts'

/** The service as a child process. */
export interface ServiceProcess {
  origin: string
  pid: number
  /** Returns its output so far, of both streams. */
  output(): string
  /** Writes a line to its standard input. */
  writeLine(line: string): void
  signal(name: NodeJS.Signals): void
  hasEnded(): boolean
  /** Resolves when it ends, with its exit code or the signal that killed it. */
  ended: Promise<number | NodeJS.Signals>
}

/** Milliseconds that a start can take on a busy machine. */
const START_MS = 180_000

/** Environment of the process. Variables of the test run are not inherited. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOST: '127.0.0.1',
  PORT: '0',
  BCRYPT_COST: '4',
  KURA_MONGOD: 'off',
}

const started = new Set<ChildProcess>()

/** Starts the service and waits until it listens. Takes the parameters of `runProcess`. Call `killAll` in an `after` hook. */
export async function startProcess(...how: Parameters<typeof runProcess>): Promise<ServiceProcess> {
  return waitUntilListening(runProcess(...how))
}

/** Waits until the process listens and adds its origin. */
export async function waitUntilListening(process: Omit<ServiceProcess, 'origin'>): Promise<ServiceProcess> {
  const [, found = ''] = await waitForOutput(process, /Kura listens on ([^\s"]+)/)
  return { ...process, origin: found.replace('localhost', '127.0.0.1') }
}

/** Waits until the output of a process matches. */
export function waitForOutput({ output }: Pick<ServiceProcess, 'output'>, what: RegExp) {
  return eventually(() => {
    const found = what.exec(output())
    if (!found) throw new Error(`the output does not match ${what}:\n${output()}`)
    return found
  }, START_MS)
}

/**
 * Starts the service or another program without waiting until it listens.
 *
 * @param shell shell command to run before the program in the same process, for example to set limits
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

/** Kills all processes that are still running, for example after a failed test. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...started].map((child) => {
      child.kill('SIGKILL')
      return once(child, 'close')
    }),
  )
}
