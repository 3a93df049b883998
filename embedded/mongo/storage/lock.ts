import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RootDatabase } from 'lmdb'
import { decode, toBson } from '../values/codec.ts'
import type { Store } from './store.ts'

const LOCK = 'owner'
/** Milliseconds that a process needs from taking the lock to listening. */
const STARTUP_MS = 1000
/** Linux states of a process that has ended and was not reaped yet: zombie and dead. */
const ENDED = new Set(['Z', 'X', 'x'])

/** Another process uses the directory. */
export class DirectoryInUse extends Error {
  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(`the database in ${directory} is in use by process ${pid}`)
    this.name = 'DirectoryInUse'
  }
}

interface Owner {
  pid: number
  /** Start time of the process, or '' if unknown. Needed because the system reuses process ids. */
  started: string
}

/** Directories locked by this process. The process id is not enough: a restarted container can reuse it. */
const heldByThisProcess = new Set<string>()

interface LivenessChecks {
  /** Returns whether a server answers for the directory. */
  answers: () => Promise<boolean>
  /** Folder in which Linux describes its processes. Default: `/proc`. */
  processes?: string
}

/**
 * Records this process as the owner of the directory, in a transaction that excludes other processes. Replaces an owner
 * that has ended.
 *
 * @throws DirectoryInUse when the owner is alive
 */
export async function acquireLock(
  store: Store,
  directory: string,
  { answers, processes = '/proc' }: LivenessChecks,
): Promise<void> {
  for (;;) {
    const owner = store.runExclusively(ownerIn)
    if (owner && (await isAlive(owner, directory, { answers, processes })))
      throw new DirectoryInUse(directory, owner.pid)
    if (replaceOwner(store, owner)) break
  }
  heldByThisProcess.add(directory)
}

export function releaseLock(store: Store, directory: string): void {
  store.runExclusively((settings) => settings.removeSync(LOCK))
  heldByThisProcess.delete(directory)
}

function ownerIn(settings: RootDatabase<Buffer, string>): Owner | undefined {
  const bytes = settings.get(LOCK)
  if (!bytes) return undefined
  const { pid, started } = decode(bytes)
  return { pid: Number(pid), started: String(started) }
}

/** Records this process as the owner, unless another process has done so since the previous owner was read. */
function replaceOwner(store: Store, previous: Owner | undefined): boolean {
  return store.runExclusively((settings) => {
    const present = ownerIn(settings)
    if (present?.pid !== previous?.pid || present?.started !== previous?.started) return false
    const mine: Owner = { pid: process.pid, started: readProcess(process.pid)?.started ?? '' }
    settings.putSync(LOCK, Buffer.from(toBson({ ...mine })))
    return true
  })
}

/** Returns whether an owner is alive. Without `/proc`, an owner is alive if it answers. */
async function isAlive(
  { pid, started }: Owner,
  directory: string,
  { answers, processes }: Required<LivenessChecks>,
): Promise<boolean> {
  if (heldByThisProcess.has(directory)) return true
  if (await answers()) return true
  if (pid === process.pid) return false
  if (existsSync(join(processes, 'self/stat'))) return isRunning({ pid, started }, processes)
  if (!exists(pid)) return false
  // A process that has just started does not listen yet.
  await delay(STARTUP_MS)
  return answers()
}

/** Returns whether Linux lists a process with this start time that has not ended. */
export function isRunning({ pid, started }: Owner, processes = '/proc'): boolean {
  const found = readProcess(pid, processes)
  return found !== undefined && !ENDED.has(found.state) && found.started === started
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Returns the state and start time of a process: fields 3 and 22 of its `stat` file (proc_pid_stat(5)). */
export function readProcess(
  pid: number,
  processes = '/proc',
): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(join(processes, `${pid}/stat`), 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}
