import { fstatSync, write } from 'node:fs'

type Written = (error?: Error | null) => void

/** Most characters of log lines that wait to be written. Further lines are dropped. */
const MAX_WAITING = 1024 * 1024

/**
 * Writes the log to standard output. It never throws, never blocks the event loop and has a bounded buffer. A line that
 * cannot be written (full disk, closed pipe, a reader that stopped reading) is dropped and counted. The first dropped
 * line is reported on standard error.
 */
export class LogOutput {
  /** Number of dropped lines. */
  dropped = 0
  #waiting: string[] = []
  #characters = 0
  #isWriting = false
  #hasReported = false
  #onIdle: (() => void)[] = []
  #write: ((bytes: Buffer, written: Written) => void) | undefined

  write(line: string): void {
    if (this.#characters + line.length > MAX_WAITING) {
      this.#drop(1, 'its reader is too slow')
      return
    }
    this.#waiting.push(line)
    this.#characters += line.length
    if (!this.#isWriting) this.#writeWaiting()
  }

  /** Resolves when all lines are written or dropped, or after `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    if (!this.#isWriting) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      this.#onIdle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #writeWaiting(): void {
    const lines = this.#waiting
    this.#waiting = []
    this.#characters = 0
    this.#isWriting = true
    const written: Written = (error) => {
      if (error) this.#drop(lines.length, error.message)
      if (this.#waiting.length > 0) return this.#writeWaiting()
      this.#isWriting = false
      for (const resolve of this.#onIdle.splice(0)) resolve()
    }
    try {
      this.#write ??= writerOfStandardOutput()
      this.#write(Buffer.from(lines.join('')), written)
    } catch (error) {
      setImmediate(written, error as Error)
    }
  }

  #drop(lines: number, reason: string): void {
    this.dropped += lines
    if (this.#hasReported) return
    this.#hasReported = true
    reportOnce(reason)
  }
}

/** The log of this process. */
export const standardOutput = new LogOutput()

function reportOnce(reason: string): void {
  try {
    process.stderr.on('error', () => undefined)
    process.stderr.write(
      `Kura cannot write its log: ${reason}. Lines are dropped and counted (kura_log_lines_dropped_total); the service continues.\n`,
    )
  } catch {
    // standard error cannot be written either; the metric still counts the dropped lines
  }
}

/**
 * Returns the function that writes to standard output. Pipes, sockets and terminals use the stream of Node.js, which does
 * not block on a full pipe. A write in the thread pool would block its thread, and the process could not exit. Files are
 * written in the thread pool, because the stream of Node.js for files blocks, and fails permanently after one error.
 */
function writerOfStandardOutput(): (bytes: Buffer, written: Written) => void {
  const { stdout } = process
  const target = fstatSync(1)
  if (!(target.isFIFO() || target.isSocket() || stdout.isTTY)) return writeFile
  stdout.on('error', () => undefined)
  return (bytes, written) => stdout.write(bytes, written)
}

let endsInMiddleOfLine = false

/** Writes to a file. Begins a new line if a full disk has cut off the previous one. */
function writeFile(bytes: Buffer, written: Written): void {
  if (endsInMiddleOfLine) bytes = Buffer.concat([Buffer.from('\n'), bytes])
  const writeFrom = (from: number) =>
    write(1, bytes, from, bytes.length - from, null, (error, count) => {
      const end = from + (error ? 0 : count)
      endsInMiddleOfLine = end > 0 ? bytes[end - 1] !== 10 : endsInMiddleOfLine
      if (error || end === bytes.length) written(error)
      else writeFrom(end)
    })
  writeFrom(0)
}
