import { type AppError, timeout } from '../errors.ts'

/** Longest time without a byte before an upload ends, in milliseconds. */
export const MAX_SILENCE_MS = 60_000
/** Time over which the speed of an upload is measured, in milliseconds. */
export const SPEED_WINDOW_MS = 60_000

interface Limits {
  silenceMs: number
  windowMs: number
  /** The lowest allowed speed, in bytes a second; 0 for no limit. */
  bytesPerSecond: number
}

/**
 * Detects uploads that send nothing or are too slow. Time counts only while the upload is read, not while it is paused
 * because the store is slower than the client.
 */
export class SpeedMonitor {
  #timer: NodeJS.Timeout | undefined
  /** Start of the time that is not counted yet; undefined while paused. */
  #since: number | undefined
  #silentMs = 0
  #windowMs = 0
  #windowBytes = 0

  constructor(
    private readonly limits: Limits,
    /** Called once, with the error for the client. The callback ends the upload. */
    private readonly onTooSlow: (error: AppError) => void,
  ) {}

  addBytes(bytes: number): void {
    this.#countTime()
    if (bytes === 0) return
    this.#silentMs = 0
    this.#windowBytes += bytes
  }

  /** Starts to count time, or continues after `pause`. */
  resume(): void {
    if (this.#since !== undefined) return
    this.#since = performance.now()
    this.#startTimer()
  }

  /** Stops counting time until `resume`. */
  pause(): void {
    this.#countTime()
    this.#since = undefined
    clearTimeout(this.#timer)
  }

  #countTime(): void {
    if (this.#since === undefined) return
    const now = performance.now()
    this.#silentMs += now - this.#since
    this.#windowMs += now - this.#since
    this.#since = now
  }

  #startTimer(): void {
    const { silenceMs, windowMs } = this.limits
    const left = Math.min(silenceMs - this.#silentMs, windowMs - this.#windowMs)
    this.#timer = setTimeout(() => this.#check(), Math.max(0, Math.ceil(left)))
    this.#timer.unref()
  }

  #check(): void {
    const { silenceMs, windowMs, bytesPerSecond } = this.limits
    this.#countTime()
    const isSilent = this.#silentMs >= silenceMs
    if (this.#windowMs >= windowMs) {
      const isSlow = this.#windowBytes < (bytesPerSecond * this.#windowMs) / 1000
      this.#windowMs = 0
      this.#windowBytes = 0
      if (isSlow && !isSilent) this.#end(`The upload was slower than ${bytesPerSecond} bytes a second.`)
    }
    if (isSilent) this.#end(`The upload stopped: nothing was received for ${silenceMs / 1000} s.`)
    if (this.#since !== undefined) this.#startTimer()
  }

  #end(message: string): void {
    this.#since = undefined
    this.onTooSlow(timeout(message))
  }
}
