import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { tooLarge } from '../errors.ts'

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
  const path = join(tmpdir(), `picture-${randomUUID()}`)
  try {
    await pipeline(source, atMost(maxBytes), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    return await use(path)
  } finally {
    await rm(path, { force: true })
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
