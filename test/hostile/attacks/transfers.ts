import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { multipart } from '../../support/app/raw-upload.ts'
import type { Target } from './target.ts'
import { dial, each } from './wire.ts'

interface Transfer {
  /** Index of the path. */
  path: number
  /** Milliseconds until the client disconnects. */
  afterMs: number
  /** Received bytes after which the client disconnects, if that is earlier. */
  afterBytes: number
  how: 'destroy' | 'reset' | 'half-close'
  range: string | null
  /** Whether the client never reads. */
  deaf: boolean
  told: boolean
}

const transfers: fc.Arbitrary<Transfer> = fc.record({
  path: fc.nat(20),
  afterMs: fc.nat(40),
  afterBytes: fc.nat(3_000_000),
  how: fc.constantFrom('destroy', 'reset', 'half-close'),
  range: fc.constantFrom(
    null,
    null,
    'bytes=0-0',
    'bytes=-9999999',
    'bytes=100000-',
    'bytes=5-2',
    'lines=1-2',
    'bytes=0-1,5-6',
  ),
  deaf: fc.boolean(),
  told: fc.boolean(),
})

/** Starts downloads of public files and disconnects at random moments. */
export async function attackDownloads(target: Target, count: number, seed: number): Promise<void> {
  await each(fc.sample(transfers, { numRuns: count, seed }), 16, async (one) => {
    const path = target.publicPaths[one.path % target.publicPaths.length]
    const range = one.range ? `Range: ${one.range}\r\n` : ''
    const socket = await dial(target.port)
    let received = 0
    const enough = new AbortController()
    if (!one.deaf)
      socket.on('data', (data) => {
        received += data.length
        if (received >= one.afterBytes) enough.abort()
      })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: kura\r\n${range}\r\n`)
    await delay(one.afterMs, undefined, { signal: enough.signal }).catch(() => undefined)
    await leave(socket, one.how)
  })
}

/** Starts uploads and disconnects at random moments before, during and after the file. */
export async function attackUploads(target: Target, count: number, seed: number): Promise<void> {
  const { token } = await target.account()
  const body = multipart(randomBytes(2_000_000))
  await each(fc.sample(transfers, { numRuns: count, seed }), 8, async (one) => {
    const socket = await dial(target.port)
    socket.resume()
    const length = one.told ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked'
    const type = 'Content-Type: multipart/form-data; boundary=kura-test-boundary'
    socket.write(
      `POST /api/assets HTTP/1.1\r\nHost: kura\r\nAuthorization: Bearer ${token}\r\n${type}\r\n${length}\r\n\r\n`,
    )
    const part = body.subarray(0, Math.min(body.length, one.afterBytes))
    if (one.told) socket.write(part)
    else if (part.length > 0)
      socket.write(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]))
    await delay(one.afterMs)
    await leave(socket, one.how)
  })
}

async function leave(socket: Awaited<ReturnType<typeof dial>>, how: Transfer['how']): Promise<void> {
  if (how === 'reset') socket.resetAndDestroy()
  else if (how === 'half-close') {
    socket.end()
    await delay(20)
    socket.destroy()
  } else socket.destroy()
}
