import { createHash, randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import { Digest } from '../../../app/storage/digest.ts'
import { Meter } from '../../../app/storage/meter.ts'

const BLOCK = 256 * 1024
const expected = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function* chunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function digest(bytes: Buffer, size: number): Promise<string> {
  const one = new Digest()
  for (const chunk of chunks(bytes, size)) await one.update(chunk)
  return one.end()
}

describe('Digest', () => {
  for (const length of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 17])
    it(`Digest – ${length} bytes in chunks of any size → their SHA-256`, async () => {
      const bytes = randomBytes(length)
      for (const size of [65_536, 100_003, length + 1])
        expect(await digest(bytes, size)).to.equal(expected(bytes))
    })

  it('Digest – many streams at once → the right hash of each', async () => {
    const all = Array.from({ length: 20 }, (_, index) => randomBytes(BLOCK * 2 + index))
    expect(await Promise.all(all.map((bytes) => digest(bytes, 30_011)))).to.deep.equal(all.map(expected))
  })

  it('Digest – caller changes the buffer afterwards → hash of the original bytes', async () => {
    const bytes = randomBytes(1000)
    const before = expected(bytes)
    const one = new Digest()
    await one.update(bytes)
    bytes.fill(0)
    expect(await one.end()).to.equal(before)
  })
})

describe('Meter', () => {
  it('Meter – any bytes → passed on unchanged; size, hash and head are set', async () => {
    const bytes = randomBytes(700_001)
    const taken: number[] = []
    const meter = new Meter({ take: async (count) => void taken.push(count) })
    const passed: Buffer[] = []
    await pipeline(Readable.from(chunks(bytes, 65_536)), meter, async (source) => {
      for await (const chunk of source) passed.push(chunk)
    })
    expect(Buffer.concat(passed).equals(bytes)).to.equal(true)
    expect(meter).to.include({ size: bytes.length, sha256: expected(bytes) })
    expect(meter.head.equals(bytes.subarray(0, 4100))).to.equal(true)
    expect(taken.reduce((sum, count) => sum + count)).to.equal(bytes.length)
  })

  it('Meter – take rejects → stream ends with that error, the chunk is not passed on', async () => {
    const meter = new Meter({ take: () => Promise.reject(new Error('full')) })
    const sink = new PassThrough()
    const error = await pipeline(Readable.from([Buffer.from('chunk')]), meter, sink).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.have.property('message', 'full')
    expect(sink.readableLength).to.equal(0)
  })
})
