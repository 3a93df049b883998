import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { overloaded, tooLarge, unavailable } from '../errors.ts'

const PREFIX = 'kura-picture-'
/** Age in milliseconds after which a file was left by a killed process. No picture is kept that long. */
const LEFT_MS = 3_600_000
/** The most bytes of all temporary files of this process together. */
export const SPOOL_MAX_BYTES = 1_000_000_000

/** Bytes of the temporary files, by the user whose pictures they are. */
const held = new Map<string, number>()

/** Counts bytes against a quota before they are written, and back when the temporary file is gone. */
export interface SpoolQuota {
  take(bytes: number): Promise<void>
  giveBack(bytes: number): void
}

export interface SpoolOptions {
  user: string
  /** The most bytes of this stream. */
  maxBytes: number
  quota?: SpoolQuota | undefined
}

/**
 * Writes a stream to a temporary file for as long as `use` runs, so that its bytes are never held in memory.
 *
 * @param source consumed, or destroyed
 * @throws too_large as soon as more than `maxBytes` have come
 * @throws unavailable when the temporary files of all pictures take too much room, or cannot be written
 * @throws what the quota, the stream or `use` fails with
 */
export async function withFile<T>(
  source: Readable,
  options: SpoolOptions,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(tmpdir(), `${PREFIX}${randomUUID()}`)
  const meter = new SpoolMeter(options)
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  let fault: Error | undefined
  file.once('error', (error) => {
    fault = error
  })
  try {
    await pipeline(source, meter, file).catch((error) => {
      throw error === fault
        ? unavailable(error, 'Temporary files cannot be written; try again later.')
        : error
    })
    return await use(path)
  } finally {
    // what cannot be removed now is left to `removeLeftFiles`
    await rm(path, { force: true }).catch(() => undefined)
    meter.release()
  }
}

/** Removes the files of processes that were killed. */
export async function removeLeftFiles(): Promise<void> {
  const before = new Date(Date.now() - LEFT_MS)
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(tmpdir(), name)
    const state = await stat(path).catch(() => null)
    if (state && state.mtime < before) await rm(path, { force: true })
  }
}

/** Counts the bytes of one temporary file before they are written. */
class SpoolMeter extends Transform {
  #bytes = 0
  /** Those of them that the quota has counted. */
  #taken = 0

  constructor(private readonly options: SpoolOptions) {
    super()
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#count(chunk.length).then(() => done(null, chunk), done)
  }

  async #count(bytes: number): Promise<void> {
    const { user, maxBytes, quota } = this.options
    if (this.#bytes + bytes > maxBytes) throw tooLarge(`The image is larger than ${maxBytes} bytes.`)
    claim(user, bytes)
    this.#bytes += bytes
    if (!quota) return
    await quota.take(bytes)
    this.#taken += bytes
  }

  /** Gives back what was counted. Call it when the file is removed. */
  release(): void {
    claim(this.options.user, -this.#bytes)
    this.options.quota?.giveBack(this.#taken)
    this.#bytes = 0
    this.#taken = 0
  }
}

/**
 * Counts bytes of a user's temporary files. A user can hold as much as remains free then, so that there is always
 * room for another user.
 *
 * @throws unavailable
 */
function claim(user: string, bytes: number): void {
  const own = (held.get(user) ?? 0) + bytes
  const others = [...held].reduce((sum, [one, size]) => (one === user ? sum : sum + size), 0)
  if (bytes > 0 && own > SPOOL_MAX_BYTES - others - own)
    throw overloaded('Too many images are being processed; try again later.')
  if (own > 0) held.set(user, own)
  else held.delete(user)
}
