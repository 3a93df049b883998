import { AppError, overloaded } from '../errors.ts'

interface Options {
  /** Label in the metrics. */
  name: string
  /** Message of the error when the queue is full. */
  full: string
  /** Tasks that run at a time. */
  concurrency: number
  /** Tasks of one key that run at a time; default: as many as `concurrency`. */
  perKey?: number
  /** Tasks that wait at a time, of all keys together. */
  maxWaiting: number
  /**
   * Returns whether an error of a task is one that all waiting tasks would have too, after a time-out of their own. They are
   * refused with it at once. Default: none.
   */
  isCommon?: (error: unknown) => boolean
}

/** The result of another task with the same name. */
interface Shared {
  result: Promise<unknown>
}

/** A task that waits for its turn. */
interface Waiter {
  name: string | undefined
  start(): void
  share(shared: Shared): void
  refuse(error: Error): void
}

/** Only the log and the metrics show this error: the client has closed the connection. */
const clientClosed = () => new AppError(499, 'client_closed', 'The client closed the connection.')

/** Number of keys whose last start is remembered. Must exceed the number of keys that have tasks all the time. */
const REMEMBERED_KEYS = 1000

/**
 * Runs expensive tasks, a few at a time. The next task is that of the waiting key whose last start is longest ago, so
 * that a key with many tasks does not delay a key with few. The number of waiting tasks is limited: when the queue is
 * full, the newest task of the key with the most waiting tasks is refused (longest queue drop). If the new task has
 * that key, the new task is refused.
 */
export class FairQueue {
  readonly name: string
  /** Tasks refused because the queue was full, since the start of the process. */
  refused = 0
  /** Tasks dropped because their signal aborted, since the start of the process. */
  dropped = 0
  /** The waiting tasks of each key, oldest first. A key without a waiting task is absent. */
  readonly #waiting = new Map<string, Waiter[]>()
  readonly #running = new Map<string, number>()
  /** The number of the last start of each key, the latest at the end. */
  readonly #lastStarts = new Map<string, number>()
  #starts = 0
  #waitingCount = 0
  #runningCount = 0

  constructor(private readonly options: Options) {
    this.name = options.name
  }

  get waiting(): number {
    return this.#waitingCount
  }

  get running(): number {
    return this.#runningCount
  }

  /**
   * Runs a task when it is the turn of its key. A signal that aborts while the task waits removes it from the queue. It
   * does not stop a running task.
   *
   * @param name the same for tasks with the same result. When one of them starts, those that wait get its result
   * @returns the result of the task
   * @throws unavailable when the queue is full
   * @throws client_closed when the signal aborts before the task starts
   */
  async run<T>(key: string, task: () => Promise<T>, signal?: AbortSignal, name?: string): Promise<T> {
    const shared = await this.#turn(key, signal, name)
    if (shared) return shared.result as Promise<T>
    try {
      const result = task()
      if (name !== undefined) this.#share(name, { result })
      return await result
    } catch (error) {
      if (error instanceof Error && this.options.isCommon?.(error)) this.#refuseWaiting(error)
      throw error
    } finally {
      this.#count(key, -1)
      this.#startWaiting()
    }
  }

  /** Waits until a task of this key can start, and counts it as running; or until another one has its result. */
  async #turn(
    key: string,
    signal: AbortSignal | undefined,
    name: string | undefined,
  ): Promise<Shared | undefined> {
    if (signal?.aborted) {
      this.dropped++
      throw clientClosed()
    }
    if (this.#hasRoom(key)) {
      this.#enter(key)
      return undefined
    }
    this.#makeRoom(key)
    return this.#wait(key, signal, name)
  }

  /** Gives the result of a task that starts to the tasks that wait with the same name. */
  #share(name: string, shared: Shared): void {
    for (const [key, waiters] of this.#waiting)
      for (const waiter of waiters) {
        if (waiter.name !== name) continue
        this.#remove(key, waiter)
        waiter.share(shared)
      }
  }

  #wait(key: string, signal: AbortSignal | undefined, name: string | undefined): Promise<Shared | undefined> {
    return new Promise((resolve, reject) => {
      const drop = () => {
        this.#remove(key, waiter)
        this.dropped++
        reject(clientClosed())
      }
      const settled =
        <A extends unknown[]>(settle: (...args: A) => void) =>
        (...args: A) => {
          signal?.removeEventListener('abort', drop)
          settle(...args)
        }
      const waiter: Waiter = {
        name,
        start: settled(() => resolve(undefined)),
        share: settled(resolve),
        refuse: settled(reject),
      }
      signal?.addEventListener('abort', drop, { once: true })
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), waiter])
      this.#waitingCount++
    })
  }

  #hasRoom(key: string): boolean {
    const { concurrency, perKey = concurrency } = this.options
    return this.#runningCount < concurrency && (this.#running.get(key) ?? 0) < perKey
  }

  /** Makes room for one more waiting task of this key. @throws unavailable when this key has the most waiting tasks */
  #makeRoom(key: string): void {
    if (this.#waitingCount < this.options.maxWaiting) return
    this.refused++
    const error = overloaded(this.options.full)
    let [longest, most]: [string, Waiter[]] = [key, []]
    for (const [one, waiters] of this.#waiting)
      if (waiters.length > most.length) [longest, most] = [one, waiters]
    const newest = most.at(-1)
    const own = this.#waiting.get(key)?.length ?? 0
    if (!newest || most.length <= own + 1) throw error
    this.#remove(longest, newest)
    newest.refuse(error)
  }

  #refuseWaiting(error: Error): void {
    for (const [key, waiters] of this.#waiting)
      for (const waiter of waiters) {
        this.#remove(key, waiter)
        this.refused++
        waiter.refuse(error)
      }
  }

  #remove(key: string, waiter: Waiter): void {
    const others = (this.#waiting.get(key) ?? []).filter((one) => one !== waiter)
    if (others.length > 0) this.#waiting.set(key, others)
    else this.#waiting.delete(key)
    this.#waitingCount--
  }

  #startWaiting(): void {
    for (let key = this.#nextKey(); key !== null; key = this.#nextKey()) {
      const next = this.#waiting.get(key)?.[0]
      if (!next) return
      this.#remove(key, next)
      this.#enter(key)
      next.start()
    }
  }

  /** Returns the waiting key that can start and whose last start is longest ago; null when none can start. */
  #nextKey(): string | null {
    let next: { key: string; start: number } | null = null
    for (const key of this.#waiting.keys()) {
      const start = this.#lastStarts.get(key) ?? 0
      if (this.#hasRoom(key) && (!next || start < next.start)) next = { key, start }
    }
    return next?.key ?? null
  }

  #enter(key: string): void {
    this.#count(key, 1)
    this.#lastStarts.delete(key)
    this.#lastStarts.set(key, ++this.#starts)
    const [oldest] = this.#lastStarts.keys()
    if (oldest !== undefined && this.#lastStarts.size > REMEMBERED_KEYS) this.#lastStarts.delete(oldest)
  }

  #count(key: string, change: 1 | -1): void {
    const running = (this.#running.get(key) ?? 0) + change
    if (running > 0) this.#running.set(key, running)
    else this.#running.delete(key)
    this.#runningCount += change
  }
}
