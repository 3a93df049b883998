import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { privateSocketPath, removeSocket, uriOf } from '../mongo/address.ts'
import { acquireLock, isRunning, readProcess, releaseLock } from '../mongo/storage/lock.ts'
import { Store } from '../mongo/storage/store.ts'
import { accepts, type MongodChild, startChild } from './child.ts'
import { type Mongod, MongodError } from './find.ts'
import { type MongodState, readState, writeState } from './state.ts'

/** Milliseconds to wait until the server accepts connections. It takes longer when it repairs its files. */
const START_MS = 60_000
/** Milliseconds to wait until the server of a killed service has stopped. */
const STOP_MS = 60_000
/** Pause before the server is started again after an unexpected end, in milliseconds. */
const RESTART_MS = 2000
const POLL_MS = 50

interface MongodOptions {
  /** Folder of the data, the log and the socket. One process can use it at a time. */
  dir: string
  /** Called with a message for the log when the server has ended although nobody stopped it. */
  onUnexpectedEnd?: (message: string) => void
  /** Whether the server removes expired documents. Default: true. */
  removeExpired?: boolean
}

/** A running server. */
interface RunningMongod {
  /** `mongodb://…mongo.sock/?…`, without a database name. */
  uri: string
  /** Stops the server and releases the folder. */
  close(): Promise<void>
}

/**
 * Starts a `mongod` as a child process. It listens on a Unix socket that only the user of this process can open, and on
 * no port, so it needs no password. It stops with this process, also when this process is killed. If it ends for another
 * reason, it is started again.
 *
 * @throws DirectoryInUse when another service uses the folder
 * @throws MongodError when the server does not start
 */
export async function startMongod(
  mongod: Mongod,
  { dir: given, onUnexpectedEnd = () => undefined, removeExpired = true }: MongodOptions,
): Promise<RunningMongod> {
  mkdirSync(given, { recursive: true, mode: 0o700 })
  const dir = realpathSync(given)
  const { state, release } = await acquireFolder(dir)
  const socket = privateSocketPath(dir)
  const data = join(dir, 'data')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const logPath = join(dir, 'mongod.log')
  const start = async (): Promise<MongodChild> => {
    const child = await startChild(mongod, { data, socket, logPath, removeExpired })
    const record = () =>
      writeState(dir, { socket, pid: child.pid, started: readProcess(child.pid)?.started ?? '' })
    // Without a state there are no data yet, and none remain if this start fails.
    if (state) await record()
    await child.accepts(START_MS)
    if (!state) await record()
    return child
  }

  let child: MongodChild
  try {
    child = await start()
  } catch (error) {
    removeSocket(socket)
    await release()
    throw error
  }
  let closing: Promise<void> | undefined
  const supervise = async () => {
    for (;;) {
      const code = await child.ended
      if (closing) return
      onUnexpectedEnd(`mongod ended with code ${code}; it is started again. Its log is ${logPath}.`)
      for (let started = false; !started && !closing; ) {
        await delay(RESTART_MS)
        started = await restart()
      }
      if (closing) return child.stop()
    }
  }
  const restart = async () => {
    try {
      // The watcher alone can have ended.
      await stopPrevious(await readState(dir))
      child = await start()
      return true
    } catch (error) {
      onUnexpectedEnd(error instanceof Error ? error.message : String(error))
      return false
    }
  }
  const supervised = supervise()
  const stop = async () => {
    await child.stop()
    await supervised
    removeSocket(socket)
    await release()
  }
  return {
    uri: uriOf(socket),
    close: () => {
      closing ??= stop()
      return closing
    },
  }
}

/**
 * Makes this process the owner of a folder, in which no server runs then. The files are made private afterwards
 * (`privateSocketPath`), because a running server replaces them.
 *
 * @throws DirectoryInUse when another service uses the folder
 * @throws MongodError when the server of an earlier start does not stop
 */
async function acquireFolder(dir: string) {
  const lock = new Store(join(dir, 'lock'))
  const state = await readState(dir)
  try {
    await acquireLock(lock, dir, { answers: () => answersWithoutProcessTable(state) })
  } catch (error) {
    await lock.close()
    throw error
  }
  const release = async () => {
    releaseLock(lock, dir)
    await lock.close()
  }
  try {
    await stopPrevious(state)
  } catch (error) {
    await release()
    throw error
  }
  if (state) removeSocket(state.socket)
  return { state, release }
}

/**
 * Returns the URI of the server that a running service uses in a folder. Waits while that service starts its server.
 *
 * @throws MongodError when the server does not accept connections in time
 */
export async function runningMongodUri(dir: string): Promise<string> {
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; await delay(POLL_MS)) {
    const state = await readState(dir)
    if (state && (await accepts(state.socket))) return uriOf(state.socket)
  }
  throw new MongodError(`The mongod that another process runs in ${dir} does not answer.`)
}

/**
 * Stops a server that outlived its service, which happens only when its watcher was killed too.
 *
 * @throws MongodError when it does not stop
 */
async function stopPrevious(state: MongodState | null): Promise<void> {
  if (!state || !isRunning(state)) return
  process.kill(state.pid, 'SIGTERM')
  const deadline = performance.now() + STOP_MS
  while (isRunning(state)) {
    if (performance.now() > deadline)
      throw new MongodError(
        `The mongod of an earlier start, process ${state.pid}, does not stop. Stop it, then try again.`,
      )
    await delay(POLL_MS)
  }
}

/**
 * Returns whether a server answers on a system without `/proc`, where nothing else shows that its service is alive. With
 * `/proc`, a server that answers can belong to a service that was killed.
 */
const answersWithoutProcessTable = async (state: MongodState | null) =>
  state !== null && readProcess(process.pid) === undefined && (await accepts(state.socket))
