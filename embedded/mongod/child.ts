import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Mongod, MongodError } from './find.ts'

const POLL_MS = 50
/** Characters of the log that are searched for the reason of a failed start. */
const LOG_CHARACTERS = 20_000

/**
 * Runs the server beside a watcher that reads standard input, which the service never writes. The end of the input means
 * that the service closed it, or was killed: then the watcher stops the server. Prints the process id of the server.
 */
const WATCH = `umask 077
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "pid $server"
{ read -r line <&3; kill "$server"; } >/dev/null 2>&1 &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"`

/** Known exit codes of mongod. */
const REASONS: Record<string, string> = {
  62: 'The files were written by a version of MongoDB that this one cannot read',
  100: 'Another server uses the files, or they cannot be written',
  132: 'This processor lacks instructions that it needs, such as AVX',
}

interface ChildOptions {
  data: string
  socket: string
  logPath: string
  removeExpired: boolean
}

/** One run of the server. */
export interface MongodChild {
  pid: number
  /** Resolves with the exit code; 128 and more: the number of a signal is added. */
  ended: Promise<number>
  /** Waits until it accepts connections, at most `limitMs`. @throws MongodError when it ends before */
  accepts(limitMs: number): Promise<void>
  stop(): Promise<void>
}

export async function startChild(mongod: Mongod, options: ChildOptions): Promise<MongodChild> {
  const { data, socket, logPath, removeExpired } = options
  const args = [
    ...['--dbpath', data, '--bind_ip', socket, '--nounixsocket', '--logpath', logPath, '--logappend'],
    ...(removeExpired ? [] : ['--setParameter', 'ttlMonitorEnabled=false']),
  ]
  // A process group of its own, so that Ctrl-C in the terminal does not stop it before the service.
  const child = spawn('sh', ['-c', WATCH, 'sh', mongod.path, ...args], {
    detached: true,
    env: { ...mongod.environment, LC_ALL: 'C' },
  })
  // The input of a server that has ended is closed.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'exit').then(([code]) => Number(code ?? 1))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-LOG_CHARACTERS)
    })
  const pid = await Promise.race([readPid(child, () => output), ended.then(() => Number.NaN)])
  let code: number | undefined
  ended.then((value) => {
    code = value
  })
  return {
    pid,
    ended,
    async accepts(limitMs) {
      for (const deadline = performance.now() + limitMs; performance.now() < deadline; await delay(POLL_MS)) {
        if (code !== undefined) throw await startError(mongod, code, logPath, output)
        if (await accepts(socket)) return
      }
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

async function readPid({ stdout }: ChildProcessWithoutNullStreams, output: () => string): Promise<number> {
  while (!/^pid \d+$/m.test(output())) await once(stdout, 'data')
  return Number(/^pid (\d+)$/m.exec(output())?.[1])
}

/** Returns whether a server accepts connections on a socket. */
export function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

async function startError(
  { path }: Mongod,
  code: number,
  logPath: string,
  output: string,
): Promise<MongodError> {
  const log = await readFile(logPath, 'utf8').catch(() => '')
  const reason = REASONS[code] ?? lastError(log.slice(-LOG_CHARACTERS)) ?? lastLine(output)
  return new MongodError(
    `${path} ended with code ${code} before it accepted connections.${reason ? ` ${reason}.` : ''} Its log is ${logPath}.\n` +
      'Set KURA_MONGOD to another mongod, or KURA_MONGOD=off to use the embedded database.',
  )
}

/** Returns the message of the last error in the log, which has one JSON object on each line. */
function lastError(log: string): string | undefined {
  const errors = log.split('\n').flatMap((line) => {
    try {
      const { s: severity, msg: message, attr: { error } = {} as { error?: unknown } } = JSON.parse(line)
      const detail = typeof error === 'string' ? error : (error as { errmsg?: string } | undefined)?.errmsg
      return severity === 'E' || severity === 'F' ? [detail ? `${message}: ${detail}` : String(message)] : []
    } catch {
      return []
    }
  })
  return errors.at(-1)
}

const lastLine = (output: string) =>
  output
    .replace(/^pid \d+$/m, '')
    .trim()
    .split('\n')
    .at(-1)
