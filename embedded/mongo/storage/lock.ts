import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RootDatabase } from 'lmdb'
import { decode, toBson } from '../values/codec.ts'
import type { Store } from './store.ts'

const LOCK = 'owner'
/** Milliseconds in which a process that has the lock begins to listen. */
const BEGIN_MS = 1000
/** Process states of Linux in which a process has ended and only waits to be reaped: zombie and dead. */
const ENDED = new Set(['Z', 'X', 'x'])

/** Another process has the directory open. */
export class DirectoryInUse extends Error {
  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(`the embedded database in ${directory} is in use by process ${pid}`)
    this.name = 'DirectoryInUse'
  }
}

interface Owner {
  pid: number
  /** When that process began, as far as the system tells: a number may be given to another process later. */
  started: string
}

/** What this process itself holds; its number alone cannot tell it from one before it in the same container. */
const heldHere = new Set<string>()

interface Witnesses {
  /** Tells whether a server answers for the directory. */
  answers: () => Promise<boolean>
  /** The folder in which the system describes its processes; Linux has one. */
  processes?: string
}

/**
 * Writes down that this process owns the directory, in a transaction that no other process can run at the same
 * time. The record of a process that has ended is no obstacle.
 *
 * @throws DirectoryInUse
 */
export async function acquireLock(
  store: Store,
  directory: string,
  { answers, processes = '/proc' }: Witnesses,
): Promise<void> {
  for (;;) {
    const owner = store.exclusively(ownerIn)
    if (owner && (await isAlive(owner, directory, { answers, processes })))
      throw new DirectoryInUse(directory, owner.pid)
    if (replaceOwner(store, owner)) break
  }
  heldHere.add(directory)
}

export function releaseLock(store: Store, directory: string): void {
  store.exclusively((settings) => settings.removeSync(LOCK))
  heldHere.delete(directory)
}

function ownerIn(settings: RootDatabase<Buffer, string>): Owner | undefined {
  const bytes = settings.get(LOCK)
  if (!bytes) return undefined
  const { pid, started } = decode(bytes)
  return { pid: Number(pid), started: String(started) }
}

/** Records this process as the owner, unless another process has done so since the former owner was read. */
function replaceOwner(store: Store, former: Owner | undefined): boolean {
  return store.exclusively((settings) => {
    const present = ownerIn(settings)
    if (present?.pid !== former?.pid || present?.started !== former?.started) return false
    const mine: Owner = { pid: process.pid, started: readProcess(process.pid)?.started ?? '' }
    settings.putSync(LOCK, Buffer.from(toBson({ ...mine })))
    return true
  })
}

/** Where the system does not describe its processes, an owner is alive if it answers. */
async function isAlive(
  { pid, started }: Owner,
  directory: string,
  { answers, processes }: Required<Witnesses>,
): Promise<boolean> {
  if (heldHere.has(directory)) return true
  if (await answers()) return true
  if (pid === process.pid) return false
  if (existsSync(join(processes, 'self/stat'))) {
    const found = readProcess(pid, processes)
    return found !== undefined && !ENDED.has(found.state) && found.started === started
  }
  if (!exists(pid)) return false
  // It may have begun a moment ago and not listen yet.
  await delay(BEGIN_MS)
  return answers()
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** State and start time of a process: fields 3 and 22 of its `stat` (proc_pid_stat(5)). */
function readProcess(pid: number, processes = '/proc'): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(join(processes, `${pid}/stat`), 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}
