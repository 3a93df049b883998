import { type AppError, timeout } from '../errors.ts'

/** How long, in milliseconds, an upload may bring nothing. */
export const SILENCE_MS = 60_000
/** Over how long, in milliseconds, the speed of an upload is measured. */
export const WINDOW_MS = 60_000

interface Limits {
  silenceMs: number
  windowMs: number
  /** The lowest speed, in bytes a second; 0: none. */
  bytesPerSecond: number
}

/**
 * Finds uploads that are silent or too slow. Only time in which bytes could come counts: not while the upload is held
 * because the store is behind.
 */
export class Pace {
  #timer: NodeJS.Timeout | undefined
  /** When the time that counts began to run; undefined while it does not. */
  #since: number | undefined
  #silentMs = 0
  #windowMs = 0
  #windowBytes = 0

  constructor(
    private readonly limits: Limits,
    /** Called once, with the answer: the upload is to be ended. */
    private readonly onTooSlow: (error: AppError) => void,
  ) {}

  received(bytes: number): void {
    this.#count()
    if (bytes === 0) return
    this.#silentMs = 0
    this.#windowBytes += bytes
  }

  /** Starts to count, or goes on after `hold`. */
  release(): void {
    if (this.#since !== undefined) return
    this.#since = performance.now()
    this.#wait()
  }

  /** Stops to count, until `release`. */
  hold(): void {
    this.#count()
    this.#since = undefined
    clearTimeout(this.#timer)
  }

  #count(): void {
    if (this.#since === undefined) return
    const now = performance.now()
    this.#silentMs += now - this.#since
    this.#windowMs += now - this.#since
    this.#since = now
  }

  #wait(): void {
    const { silenceMs, windowMs } = this.limits
    const left = Math.min(silenceMs - this.#silentMs, windowMs - this.#windowMs)
    this.#timer = setTimeout(() => this.#judge(), Math.max(0, Math.ceil(left)))
    this.#timer.unref()
  }

  #judge(): void {
    const { silenceMs, windowMs, bytesPerSecond } = this.limits
    this.#count()
    const isSilent = this.#silentMs >= silenceMs
    if (this.#windowMs >= windowMs) {
      const isSlow = this.#windowBytes < (bytesPerSecond * this.#windowMs) / 1000
      this.#windowMs = 0
      this.#windowBytes = 0
      if (isSlow && !isSilent) this.#end(`The upload was slower than ${bytesPerSecond} bytes a second.`)
    }
    if (isSilent) this.#end(`The upload stopped: nothing came for ${silenceMs / 1000} s.`)
    if (this.#since !== undefined) this.#wait()
  }

  #end(message: string): void {
    this.#since = undefined
    this.onTooSlow(timeout(message))
  }
}
