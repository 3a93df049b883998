import { readFileSync } from 'node:fs'
import type { RootDatabase } from 'lmdb'
import { decode, toBson } from '../values/codec.ts'
import type { Store } from './store.ts'

const LOCK = 'owner'

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

/**
 * Writes down that this process owns the directory, in a transaction that no other process can run at the same
 * time. The record of a process that is gone is no obstacle. Throws `DirectoryInUse`.
 */
export function acquireLock(store: Store, directory: string): void {
  const mine: Owner = { pid: process.pid, started: startOf(process.pid) }
  store.exclusively((settings) => {
    const owner = ownerIn(settings)
    if (owner && isAlive(owner, directory)) throw new DirectoryInUse(directory, owner.pid)
    settings.putSync(LOCK, Buffer.from(toBson({ ...mine })))
  })
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

function isAlive({ pid, started }: Owner, directory: string): boolean {
  if (pid === process.pid) return heldHere.has(directory)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to someone else.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  return startOf(pid) === started
}

/** Field 22 of /proc/<pid>/stat on Linux; elsewhere nothing is known and the number alone must do. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
