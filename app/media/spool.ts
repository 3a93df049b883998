import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { tooLarge } from '../errors.ts'

const PREFIX = 'kura-picture-'
/** Far longer than any picture is waited for: other services may keep theirs in the same folder. */
const FORGOTTEN_MS = 3_600_000

/**
 * Lays a stream down in a temporary file for as long as `use` runs, so that its bytes are never held in memory.
 *
 * @param source consumed, or destroyed
 * @throws AppError 413 as soon as more than `maxBytes` have come; and whatever the stream or `use` fails with
 */
export async function withFile<T>(
  source: Readable,
  maxBytes: number,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(tmpdir(), `${PREFIX}${randomUUID()}`)
  try {
    await pipeline(source, atMost(maxBytes), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    return await use(path)
  } finally {
    await rm(path, { force: true })
  }
}

/** Removes the files of processes that were killed. */
export async function removeForgottenFiles(): Promise<void> {
  const before = new Date(Date.now() - FORGOTTEN_MS)
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(tmpdir(), name)
    const state = await stat(path).catch(() => null)
    if (state && state.mtime < before) await rm(path, { force: true })
  }
}

function atMost(maxBytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge(`A picture may have ${maxBytes} bytes.`))
      else done(null, chunk)
    },
  })
}
