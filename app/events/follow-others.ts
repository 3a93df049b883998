import { setTimeout as delay } from 'node:timers/promises'
import { Change, type ChangeFields, type NewChange } from '../../models/change.ts'
import { databaseTime } from '../../models/database-time.ts'
import type { Context } from '../context.ts'
import { Alarm } from './alarm.ts'
import { InsertStream } from './insert-stream.ts'

interface Options {
  /** Milliseconds between two looks, where nothing tells of changes. */
  pauseMs: number
  /** Whether anybody wants to know: without, nothing is read. */
  wanted: () => boolean
  heard: (change: NewChange) => void
}

/** A record can be read this long after its time at the latest, in milliseconds. */
const LATENESS_MS = 5000
/** Of changes that come together, all are read at once. */
const GATHER_MS = 20
const INSERTS = [{ $match: { operationType: 'insert' } }, { $project: { _id: 1 } }]

/**
 * Hears of the changes of other processes, until the signal; each once, if in the order in which they can be read.
 */
export async function followOthers(
  { changes: { processId }, log }: Pick<Context, 'changes' | 'log'>,
  { pauseMs, wanted, heard }: Options,
  signal: AbortSignal,
): Promise<void> {
  const alarm = new Alarm()
  const ring = () => alarm.ring()
  signal.addEventListener('abort', ring, { once: true })
  const stream = new InsertStream({ open: () => Change.watch(INSERTS), inserted: ring, log })
  let reader: Reader | null = null
  let unwantedAt = performance.now()
  let deaf = false
  while (!signal.aborted) {
    try {
      if (!wanted()) {
        reader = null
        unwantedAt = performance.now()
      } else {
        reader ??= await Reader.since(processId, unwantedAt)
        stream.ensure()
        for (const change of await reader.read()) heard(change)
      }
      deaf = false
    } catch (error) {
      if (!deaf && !signal.aborted) log.warn({ err: error }, 'changes of other processes cannot be read now')
      deaf = true
    }
    await alarm.sleep(pauseMs)
    await delay(GATHER_MS)
  }
  await stream.close()
}

/** Reads what was recorded from a time on; again as long as a record before it may still turn up. */
class Reader {
  #latest: Date
  #known = new Set<string>()

  private constructor(
    private readonly processId: string,
    private readonly begun: Date,
  ) {
    this.#latest = begun
  }

  /** @param moment of the process's own clock (`performance.now()`) */
  static async since(processId: string, moment: number): Promise<Reader> {
    const now = await databaseTime()
    return new Reader(processId, new Date(now.getTime() - (performance.now() - moment)))
  }

  async read(): Promise<ChangeFields[]> {
    const from = Math.max(this.begun.getTime(), this.#latest.getTime() - LATENESS_MS)
    const found = await Change.ofOthers(this.processId, new Date(from))
    const fresh = found.filter(({ _id }) => !this.#known.has(_id.toString()))
    this.#known = new Set(found.map(({ _id }) => _id.toString()))
    this.#latest = found.at(-1)?.at ?? this.#latest
    return fresh
  }
}
