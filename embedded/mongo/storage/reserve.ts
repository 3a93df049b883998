import { randomBytes } from 'node:crypto'
import { rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { CommandError } from '../errors.ts'

/** Name of the reserve among the settings in the file of the database, and of the file beside it. */
const NAME = 'reserve'
/** Bytes of the reserve in the file of the database. */
const INNER_BYTES = 4_000_000
/** Bytes of the file beside it. Removing it needs no space, and makes room for the removal of the inner reserve. */
const OUTER_BYTES = 1_000_000
/** Free bytes of the disk below which the reserve is used. It is made again when twice as many are free. */
const LOW_BYTES = 16_000_000
/** Bytes of the reserve that documents can grow by. The rest is for the pages of the file. */
const GROWTH_BYTES = { insert: 1_000_000, update: 2_000_000 }
/** Milliseconds between two checks of the disk. */
const CHECK_MS = 250

export type Growth = keyof typeof GROWTH_BYTES

export interface ReserveOptions {
  /** Returns the free bytes of the disk. */
  freeBytes?: () => number
}

/**
 * Space that the database keeps for the time when its disk is full. LMDB cannot continue after a commit that fails, and
 * even a removal needs pages: it takes those of the reserve, so that its file does not grow.
 */
export class Reserve {
  /** Bytes by which documents grew since the disk is full; null while it is not. */
  #growth: number | null = null
  /** Why the disk could not be checked; null after a check that succeeded. */
  #error: unknown = null
  /** Whether the reserve is in the file of the database. Remembered, because a look reads all its bytes. */
  #exists: boolean
  readonly #timer: NodeJS.Timeout
  readonly #freeBytes: () => number
  readonly #file: string

  constructor(
    private readonly settings: RootDatabase<Buffer, string>,
    folder: string,
    { freeBytes = () => freeBytesOf(folder) }: ReserveOptions,
  ) {
    this.#freeBytes = freeBytes
    this.#file = join(folder, NAME)
    this.#exists = settings.doesExist(NAME)
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref()
    this.#check()
  }

  /**
   * Checks that a document can grow. It always can while the disk is not full.
   *
   * @throws 14031 (OutOfDiskSpace)
   * @throws 262 (ExceededTimeLimit), which clients try again, when the disk cannot be checked: its folder was removed or
   *   unmounted, so a write would be lost at the next start
   */
  admit(kind: Growth, growthOf: () => number): void {
    this.#check()
    if (this.#error !== null)
      throw new CommandError(262, `the disk of the embedded database cannot be checked: ${this.#error}`)
    if (this.#growth === null) return
    const growth = Math.max(0, growthOf())
    if (growth > 0 && this.#growth + growth > GROWTH_BYTES[kind])
      throw new CommandError(14031, 'the disk of the embedded database is full')
    this.#growth += growth
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Updates the reserve. Never throws, because nothing would catch an error of the timer. */
  #check(): void {
    try {
      this.#update()
      this.#error = null
    } catch (error) {
      this.#error = error
    }
  }

  /** Uses the reserve when the disk is nearly full, and makes it again when there is space. */
  #update(): void {
    const free = this.#freeBytes()
    if (free < LOW_BYTES) {
      this.#growth ??= 0
      if (!this.#exists) return
      rmSync(this.#file, { force: true })
      this.settings.removeSync(NAME)
      this.#exists = false
    } else if (free > 2 * LOW_BYTES) {
      if (this.#exists || this.#make()) this.#growth = null
    }
  }

  /** Returns false when the disk is full all the same: the quota of a user is not part of the free bytes. */
  #make(): boolean {
    try {
      // random, because some file systems store zeros without space
      writeFileSync(this.#file, randomBytes(OUTER_BYTES + INNER_BYTES), { mode: 0o600 })
      truncateSync(this.#file, OUTER_BYTES)
    } catch {
      rmSync(this.#file, { force: true })
      this.#growth ??= 0
      return false
    }
    this.settings.putSync(NAME, randomBytes(INNER_BYTES))
    this.#exists = true
    return true
  }
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
