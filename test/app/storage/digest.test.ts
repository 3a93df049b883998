import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { Digest, type Hashes, hashesOf } from '../../../app/storage/digest.ts'

const BLOCK = 512 * 1024
const expected = (bytes: Buffer): Hashes => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  crc32: crc32(bytes),
})

function* chunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function digest(bytes: Buffer, size: number): Promise<Hashes> {
  const one = new Digest()
  for (const chunk of chunks(bytes, size)) await one.update(chunk)
  return one.end()
}

describe('Digest', () => {
  for (const length of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 17])
    it(`Digest – ${length} bytes in chunks of any size → their SHA-256 and CRC-32`, async () => {
      const bytes = randomBytes(length)
      for (const size of [65_536, 100_003, length + 1])
        expect(await digest(bytes, size)).to.deep.equal(expected(bytes))
    })

  it('hashesOf – check values of the standards → equal', () => {
    expect(hashesOf(Buffer.from('123456789'))).to.include({ crc32: 0xcbf43926 })
    expect(hashesOf(Buffer.from('abc')).sha256).to.match(/^ba7816bf8f01cfea/)
  })

  it('Digest – stream dropped between two blocks → the next stream has its own hashes', async () => {
    const one = new Digest()
    await one.update(randomBytes(2 * BLOCK + 1))
    one.drop()
    const bytes = randomBytes(BLOCK + 1)
    expect(await digest(bytes, 65_536)).to.deep.equal(expected(bytes))
  })

  it('Digest – many streams at once → the right hashes of each', async () => {
    const all = Array.from({ length: 20 }, (_, index) => randomBytes(BLOCK * 2 + index))
    expect(await Promise.all(all.map((bytes) => digest(bytes, 30_011)))).to.deep.equal(all.map(expected))
  })

  it('Digest – caller changes the buffer afterwards → hashes of the original bytes', async () => {
    const bytes = randomBytes(1000)
    const before = expected(bytes)
    const one = new Digest()
    await one.update(bytes)
    bytes.fill(0)
    expect(await one.end()).to.deep.equal(before)
  })
})
