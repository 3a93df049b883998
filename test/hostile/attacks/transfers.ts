import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { multipart } from '../../support/app/raw-upload.ts'
import { dial, each } from './wire.ts'
import type { World } from './world.ts'

interface Transfer {
  /** Index of the path. */
  path: number
  /** Milliseconds until the client leaves. */
  afterMs: number
  /** Bytes after which it leaves, if they come first. */
  afterBytes: number
  how: 'destroy' | 'reset' | 'half-close'
  range: string | null
  /** It never reads. */
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

/** Begins downloads of public files and leaves at random moments. */
export async function attackDownloads(world: World, count: number, seed: number): Promise<void> {
  await each(fc.sample(transfers, { numRuns: count, seed }), 16, async (one) => {
    const path = world.publicPaths[one.path % world.publicPaths.length]
    const range = one.range ? `Range: ${one.range}\r\n` : ''
    const socket = await dial(world.port)
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

/** Begins uploads and leaves at random moments, before, during and after the file. */
export async function attackUploads(world: World, count: number, seed: number): Promise<void> {
  const { token } = await world.account()
  const body = multipart(randomBytes(2_000_000))
  await each(fc.sample(transfers, { numRuns: count, seed }), 8, async (one) => {
    const socket = await dial(world.port)
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
