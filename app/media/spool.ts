import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform, type TransformCallback, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AppError, overloaded, serverFull, tooLarge, unavailable } from '../errors.ts'
import { diskCode, isDiskFull } from '../storage/disk/file-system.ts'

const PREFIX = 'kura-picture-'
/** Age after which a temporary file is an orphan of a killed process, in milliseconds. No picture takes that long. */
const ORPHAN_AGE_MS = 3_600_000
/** Most bytes of all temporary files of this process together. */
export const SPOOL_MAX_BYTES = 1_000_000_000

/** Reserves bytes before they are written, and releases them when the temporary file is removed. */
export interface SpoolQuota {
  addBytes(bytes: number): Promise<void>
  returnBytes(bytes: number): void
}

interface SpoolOptions {
  user: string
  /** Bytes of this stream. */
  maxBytes: number
  quota?: SpoolQuota | undefined
}

/**
 * Writes a stream to a temporary file and removes it after `use`, so that the bytes are not held in memory.
 *
 * @param source is read to its end, or destroyed
 * @throws too_large as soon as the stream has more than `maxBytes`
 * @throws server_full when the temporary folder is full or cannot be written
 * @throws unavailable when the temporary files of all pictures take too much space, or another error occurs
 * @throws the errors of the quota, the stream and `use`
 */
export async function withTemporaryFile<T>(
  source: Readable,
  options: SpoolOptions,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const work = spool(source, options, use)
  running.add(work)
  try {
    return await work
  } finally {
    running.delete(work)
  }
}

/** What uses temporary files now. */
const running = new Set<Promise<unknown>>()

/** Resolves when the temporary files in use are removed, also those of clients that have left. */
export async function temporaryFilesRemoved(): Promise<void> {
  await Promise.allSettled(running)
}

async function spool<T>(
  source: Readable,
  options: SpoolOptions,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(tmpdir(), `${PREFIX}${randomUUID()}`)
  const meter = new SpoolMeter(options)
  try {
    await pipeline(source, meter, new TemporaryFile(path))
    return await use(path)
  } finally {
    // `removeOrphanFiles` removes the file later if this fails
    await rm(path, { force: true }).catch(() => undefined)
    meter.release()
  }
}

/** Writes to a new file. Reports API errors, because the pipeline destroys the source with them. */
class TemporaryFile extends Writable {
  #file: FileHandle | undefined

  constructor(private readonly path: string) {
    super()
  }

  override _construct(done: (error?: Error) => void): void {
    open(this.path, 'wx', 0o600)
      .then((file) => {
        this.#file = file
      })
      .then(() => done(), failWith(done))
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#opened.writeFile(chunk).then(() => done(), failWith(done))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const closed = this.#file?.close() ?? Promise.resolve()
    closed.then(() => done(error), failWith(done))
  }

  get #opened(): FileHandle {
    if (!this.#file) throw new TypeError('the file is not open')
    return this.#file
  }
}

/** System errors of a temporary folder that is missing, read-only or not accessible. Only the operator can change that. */
const NOT_WRITABLE = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'])

const failWith = (done: (error: Error) => void) => (error: unknown) => done(spoolError(error))

function spoolError(error: unknown): AppError {
  if (isDiskFull(error)) return serverFull(error)
  if (NOT_WRITABLE.has(diskCode(error) ?? ''))
    return serverFull(error, 'The folder for temporary files cannot be written: set TMPDIR.')
  return unavailable(error, 'Temporary files cannot be written; try again later.')
}

/** Removes the temporary files of processes that were killed. */
export async function removeOrphanFiles(): Promise<void> {
  const before = new Date(Date.now() - ORPHAN_AGE_MS)
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(tmpdir(), name)
    const state = await stat(path).catch(() => null)
    if (state && state.mtime < before) await rm(path, { force: true })
  }
}

/** Counts the bytes of one temporary file before they are written. */
class SpoolMeter extends Transform {
  bytes = 0
  /** Bytes reserved on the quota. */
  #taken = 0
  #isComplete = false

  constructor(private readonly options: SpoolOptions) {
    super()
    spoolsOf(options.user).add(this)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#count(chunk.length).then(() => done(null, chunk), done)
  }

  override _flush(done: TransformCallback): void {
    this.#isComplete = true
    done()
  }

  /** Releases the counted bytes. Call it when the file is removed. */
  release(): void {
    const { user, quota } = this.options
    const own = spoolsOf(user)
    own.delete(this)
    if (own.size === 0) spools.delete(user)
    quota?.returnBytes(this.#taken)
    this.#taken = 0
  }

  async #count(bytes: number): Promise<void> {
    const { maxBytes, quota } = this.options
    if (this.bytes + bytes > maxBytes) throw tooLarge(`The image is larger than ${maxBytes / 1e6} MB.`)
    this.bytes += bytes
    this.#makeRoom()
    if (!quota) return
    await quota.addBytes(bytes)
    this.#taken += bytes
  }

  /**
   * Refuses the youngest incomplete files of the user until the others fit. Refusing the file that grows now could
   * refuse all of several files that grow at the same time.
   */
  #makeRoom(): void {
    const own = spoolsOf(this.options.user)
    while (!fits(own)) {
      const youngest = [...own].filter((spool) => !spool.#isComplete).at(-1) ?? this
      own.delete(youngest)
      youngest.destroy(overloaded('Too many images are being processed; try again later.'))
      if (youngest === this) break
    }
  }
}

/** The temporary files of each user, oldest first. */
const spools = new Map<string, Set<SpoolMeter>>()

function spoolsOf(user: string): Set<SpoolMeter> {
  const own = spools.get(user) ?? new Set()
  spools.set(user, own)
  return own
}

/** Returns whether a user has at most as much as remains free, so that another user always has space. */
function fits(own: Set<SpoolMeter>): boolean {
  const free = [...spools.values()].reduce((left, each) => left - sum(each), SPOOL_MAX_BYTES)
  return sum(own) <= free
}

const sum = (each: Set<SpoolMeter>) => [...each].reduce((total, { bytes }) => total + bytes, 0)
