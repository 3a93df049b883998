import { createHash, randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import { Digest } from '../../../app/storage/digest.ts'
import { Meter } from '../../../app/storage/meter.ts'

const BLOCK = 256 * 1024
const expected = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function digest(bytes: Buffer, size: number): Promise<string> {
  const one = new Digest()
  for (const piece of pieces(bytes, size)) await one.update(piece)
  return one.end()
}

describe('Digest', () => {
  for (const length of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 17])
    it(`Digest – ${length} bytes in any pieces → their SHA-256`, async () => {
      const bytes = randomBytes(length)
      for (const size of [65_536, 100_003, length + 1])
        expect(await digest(bytes, size)).to.equal(expected(bytes))
    })

  it('Digest – many streams at once → each its own digest', async () => {
    const all = Array.from({ length: 20 }, (_, index) => randomBytes(BLOCK * 2 + index))
    expect(await Promise.all(all.map((bytes) => digest(bytes, 30_011)))).to.deep.equal(all.map(expected))
  })

  it('Digest – caller changes bytes afterwards → digest of the original bytes', async () => {
    const bytes = randomBytes(1000)
    const before = expected(bytes)
    const one = new Digest()
    await one.update(bytes)
    bytes.fill(0)
    expect(await one.end()).to.equal(before)
  })
})

describe('Meter', () => {
  it('Meter – bytes → passed on unchanged, with size, digest and head', async () => {
    const bytes = randomBytes(700_001)
    const taken: number[] = []
    const meter = new Meter({ take: async (count) => void taken.push(count) })
    const passed: Buffer[] = []
    await pipeline(Readable.from(pieces(bytes, 65_536)), meter, async (source) => {
      for await (const piece of source) passed.push(piece)
    })
    expect(Buffer.concat(passed).equals(bytes)).to.equal(true)
    expect(meter).to.include({ size: bytes.length, sha256: expected(bytes) })
    expect(meter.head.equals(bytes.subarray(0, 4100))).to.equal(true)
    expect(taken.reduce((sum, count) => sum + count)).to.equal(bytes.length)
  })

  it('Meter – a piece is refused → ends with that error, the piece is not passed on', async () => {
    const meter = new Meter({ take: () => Promise.reject(new Error('full')) })
    const sink = new PassThrough()
    const error = await pipeline(Readable.from([Buffer.from('piece')]), meter, sink).catch(
      (fault: unknown) => fault,
    )
    expect(error).to.have.property('message', 'full')
    expect(sink.readableLength).to.equal(0)
  })
})
