import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import sharp from 'sharp'
import { limitFrames, MAX_FRAMES, PictureTooLarge } from '../../../app/media/limit-frames.ts'
import { longGif, longWebp } from '../../support/data/animations.ts'
import { png } from '../../support/data/samples.ts'

describe('limitFrames', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frames-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function limited(bytes: Buffer): Promise<Buffer> {
    const path = join(folder, 'picture')
    await writeFile(path, bytes)
    limitFrames(path)
    return readFile(path)
  }
  const frames = async (bytes: Buffer) => (await sharp(bytes, { animated: true }).metadata()).pages ?? 1

  const animations = { GIF: async (count: number) => longGif(count), WebP: longWebp }
  for (const [format, animation] of Object.entries(animations)) {
    it(`limitFrames – ${format} of 1,000 frames → not changed`, async () => {
      const bytes = await animation(MAX_FRAMES)
      expect(await frames(bytes)).to.equal(MAX_FRAMES)
      expect((await limited(bytes)).equals(bytes)).to.equal(true)
    })

    it(`limitFrames – ${format} of 1,001 frames → the first one`, async () => {
      const bytes = await limited(await animation(MAX_FRAMES + 1))
      expect(await frames(bytes)).to.equal(1)
      expect((await sharp(bytes).png().toBuffer()).length).to.be.greaterThan(0)
    })

    it(`limitFrames – ${format} cut short → not changed`, async () => {
      const whole = await animation(3)
      const bytes = whole.subarray(0, whole.length - 8)
      expect((await limited(bytes)).equals(bytes)).to.equal(true)
    })
  }

  it('limitFrames – GIF with invalid bytes between its frames → not changed, refused by libvips', async () => {
    const bytes = longGif(2000, Buffer.from([0x55]))
    expect((await limited(bytes)).equals(bytes)).to.equal(true)
    const error = await frames(bytes).catch((error: unknown) => error)
    expect(String(error)).to.match(/Invalid frame data/)
  })

  it('limitFrames – WebP of 10,001 chunks → PictureTooLarge', async () => {
    const chunk = Buffer.from('JUNK\0\0\0\0', 'latin1')
    const bytes = Buffer.concat([await longWebp(1), Buffer.alloc(10_000 * chunk.length, chunk)])
    bytes.writeUInt32LE(bytes.length - 8, 4)
    const error = await limited(bytes).catch((error: unknown) => error)
    expect(error).to.be.instanceOf(PictureTooLarge)
  })

  it('limitFrames – another format, an empty file → not changed', async () => {
    for (const bytes of [await png(), Buffer.alloc(0)])
      expect((await limited(bytes)).equals(bytes)).to.equal(true)
  })
})
