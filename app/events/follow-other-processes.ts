import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { databaseTime } from '../../models/database-time.ts'
import { type Change, Event } from '../../models/event.ts'
import type { EventLog } from './event-log.ts'

interface Options {
  /** Interval at which changes are polled if the database has no change streams, in milliseconds. */
  pollMs: number
  /** Whether changes are read now. */
  isWanted: () => boolean
  onChange: (change: Change) => void
}

/** Longest time from the timestamp of a change until other processes can read its record, in milliseconds. */
const LATENESS_MS = 5000
/** Wait before a read, so that changes made together are read together. */
const GATHER_MS = 20
const INSERTS = [
  { $match: { operationType: 'insert', 'fullDocument.kind': { $exists: true } } },
  { $project: { _id: 1 } },
]

/**
 * Reports the changes of other processes until the signal aborts: each once, in the order in which they can be read.
 * Reads when a change stream reports an insertion, and otherwise every `pollMs`.
 */
export async function followOtherProcesses(
  { events: { processId }, log }: { events: Pick<EventLog, 'processId'>; log: Logger },
  { pollMs, isWanted, onChange }: Options,
  signal: AbortSignal,
): Promise<void> {
  const sleeper = new Sleeper()
  const wake = () => sleeper.wake()
  signal.addEventListener('abort', wake, { once: true })
  const stream = new InsertStream({ open: () => Event.watch(INSERTS), onInsert: wake, log })
  let reader: ChangeReader | null = null
  let unwantedAt = performance.now()
  let hasFailed = false
  while (!signal.aborted) {
    try {
      if (!isWanted()) {
        reader = null
        unwantedAt = performance.now()
      } else {
        reader ??= await ChangeReader.since(processId, unwantedAt)
        stream.ensureOpen()
        for (const change of await reader.read()) onChange(change)
      }
      hasFailed = false
    } catch (error) {
      if (!hasFailed && !signal.aborted)
        log.warn({ err: error }, 'the changes of other processes cannot be read')
      hasFailed = true
    }
    await sleeper.sleep(pollMs)
    await delay(GATHER_MS)
  }
  await stream.close()
}

/** Reads new records. Reads the last `LATENESS_MS` again each time, because records can become readable out of order. */
class ChangeReader {
  #latest: Date
  #known = new Set<string>()

  private constructor(
    private readonly processId: string,
    private readonly start: Date,
  ) {
    this.#latest = start
  }

  /** @param moment time of this process (`performance.now()`) from which records are read */
  static async since(processId: string, moment: number): Promise<ChangeReader> {
    const now = await databaseTime()
    return new ChangeReader(processId, new Date(now.getTime() - (performance.now() - moment)))
  }

  async read(): Promise<Change[]> {
    const from = Math.max(this.start.getTime(), this.#latest.getTime() - LATENESS_MS)
    const found = await Event.changesOfOtherProcesses(this.processId, new Date(from))
    const fresh = found.filter(({ _id }) => !this.#known.has(_id.toString()))
    this.#known = new Set(found.map(({ _id }) => _id.toString()))
    this.#latest = found.at(-1)?.storedAt ?? this.#latest
    return fresh
  }
}

/** Sleeps for a time or until it is woken. A call of `wake` before `sleep` ends the next `sleep` at once. */
export class Sleeper {
  #isWoken = false
  #running: AbortController | undefined

  wake(): void {
    this.#isWoken = true
    this.#running?.abort()
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#isWoken) {
      this.#running = new AbortController()
      const { signal } = this.#running
      await delay(ms, undefined, { signal, ref: false }).catch(() => undefined)
    }
    this.#isWoken = false
  }
}

/** The used part of the MongoDB driver's `ChangeStream`. */
interface ChangeStreamLike {
  on(event: 'change' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

interface StreamOptions {
  open: () => ChangeStreamLike
  onInsert: () => void
  log: Logger
}

/** Wait before a failed change stream is opened again. The database can be replaced by one that has change streams. */
const REOPEN_MS = 60_000

/** Reports insertions at once if the database has change streams. Otherwise it reports nothing. */
export class InsertStream {
  #stream: ChangeStreamLike | undefined
  #retryAt = 0

  constructor(private readonly options: StreamOptions) {}

  /** Opens the stream unless it is open or failed less than a minute ago. */
  ensureOpen(): void {
    if (this.#stream || Date.now() < this.#retryAt) return
    this.#retryAt = Date.now() + REOPEN_MS
    const { open, onInsert, log } = this.options
    const stream = open()
    this.#stream = stream
    stream.on('change', onInsert)
    stream.on('close', () => this.#remove(stream))
    stream.on('error', (error) => {
      log.debug({ reason: error.message }, 'no change stream; changes of other processes are polled')
      this.#remove(stream)
    })
  }

  async close(): Promise<void> {
    await this.#stream?.close()
  }

  #remove(stream: ChangeStreamLike): void {
    if (this.#stream === stream) this.#stream = undefined
  }
}
