import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import sharp from 'sharp'
import { AppError } from '../../../app/errors.ts'
import * as preview from '../../../app/media/preview.ts'
import * as samples from '../../support/data/samples.ts'
import { useOwnTemporaryFolder } from '../../support/temporary-folder.ts'

const { PREVIEW_MAX_BYTES } = preview
const requester = { user: 'ada' }
const makePreview = (source: preview.PictureSource) => preview.makePreview(source, requester)
const makeThumbnail = (source: preview.PictureSource) => preview.makeThumbnail(source, requester)
const tryThumbnail = (source: Readable, size: number) => preview.tryThumbnail(source, size, requester)

const spooled = () => readdir(tmpdir())

/** Returns a stream of the file in pieces, as from a client or a bucket. */
function inPieces(file: Buffer, size = 1000): Readable {
  const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, at) =>
    file.subarray(at * size, (at + 1) * size),
  )
  return Readable.from(pieces, { objectMode: false })
}

async function refusal(made: Promise<unknown>): Promise<AppError> {
  const error = await made.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw new Error('not refused as it should be', { cause: error })
  return error
}

/** Returns a picture of random pixels. It compresses badly, so that a truncated file lacks pixels. */
const noise = (width: number, height: number) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })

async function truncated(file: Promise<Buffer>): Promise<Buffer> {
  const whole = await file
  return whole.subarray(0, whole.length * 0.6)
}

describe('makePreview', () => {
  useOwnTemporaryFolder()

  for (const make of [samples.png, samples.jpeg, samples.webp, samples.gif, samples.avif]) {
    it(`makePreview – ${make.name} as buffer or stream → WebP`, async () => {
      const file = await make({ width: 60, height: 40 })
      for (const source of [file, inPieces(file)]) {
        const { data, ...picture } = await makePreview(source)
        const sides = { width: 60, height: 40 }
        expect(picture).to.deep.equal({ mediaType: 'image/webp', ...sides, original: sides })
        expect(await sharp(data).metadata()).to.include({ format: 'webp', width: 60, height: 40 })
      }
    })
  }

  it('makePreview – EXIF orientation and metadata → upright, no metadata', async () => {
    const file = await samples.jpegWithExif({ width: 60, height: 40 })
    expect(file.includes(samples.EXIF_SECRET), 'the sample has its secret').to.equal(true)
    const { data, width, height } = await makePreview(file)
    expect({ width, height }).to.deep.equal({ width: 40, height: 60 })
    expect(data.includes(samples.EXIF_SECRET)).to.equal(false)
    const { exif, icc, xmp, orientation } = await sharp(data).metadata()
    expect([exif, icc, xmp, orientation]).to.deep.equal([undefined, undefined, undefined, undefined])
  })

  it('makePreview – transparent image → transparency kept', async () => {
    const glass = sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0.5 } },
    })
    const { data } = await makePreview(await glass.png().toBuffer())
    expect((await sharp(data).metadata()).hasAlpha).to.equal(true)
  })

  it('makePreview – animation → animation kept', async () => {
    const { data, width, height } = await makePreview(
      await samples.animatedGif({ width: 32, height: 24, frames: 4 }),
    )
    expect({ width, height }).to.deep.equal({ width: 32, height: 24 })
    expect(await sharp(data).metadata()).to.include({ pages: 4, width: 32 })
  })

  it('makePreview – animation with too many frames → its first frame', async () => {
    const { data, width, height } = await makePreview(
      sized(6, 2000, 1500, await samples.animatedGif({ frames: 14 })),
    )
    expect({ width, height }).to.deep.equal({ width: 2000, height: 1500 })
    expect((await sharp(data).metadata()).pages ?? 1).to.equal(1)
  })

  it('makePreview – over 2048 pixels → 2048; smaller → size kept', async () => {
    expect(await makePreview(await samples.png({ width: 3000, height: 1500 }))).to.include({
      width: 2048,
      height: 1024,
    })
    expect(await makePreview(await samples.png({ width: 1, height: 1 }))).to.include({ width: 1, height: 1 })
  })

  const refused: [what: string, file: () => Buffer | Promise<Buffer>][] = [
    ['SVG', samples.svgWithScript],
    ['HTML', samples.htmlNamedPng],
    ['TIFF', samples.tiff],
    ['a film', samples.mp4],
    ['PDF', samples.pdf],
    ['nothing', () => Buffer.alloc(0)],
    ['a signature and no more', () => Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['a PNG cut short', () => truncated(noise(200, 200).png().toBuffer())],
    ['a JPEG cut short', () => truncated(noise(200, 200).jpeg().toBuffer())],
    ['a WebP cut short', () => truncated(noise(200, 200).webp().toBuffer())],
    ['a GIF cut short', () => truncated(noise(200, 200).gif().toBuffer())],
    ['an AVIF cut short', () => truncated(noise(200, 200).avif({ effort: 0 }).toBuffer())],
  ]
  for (const [what, file] of refused) {
    it(`makePreview – ${what} → 415`, async () => {
      const source = await file()
      for (const given of [source, inPieces(source)]) {
        const { status, code } = await refusal(makePreview(given))
        expect({ status, code }).to.deep.equal({ status: 415, code: 'unsupported_media' })
      }
    })
  }

  const tooMany: [what: string, file: () => Buffer | Promise<Buffer>][] = [
    ['PNG, 100,000 × 100,000', () => samples.announcedPng(100_000, 100_000)],
    ['PNG, 14,201 × 14,100', () => samples.announcedPng(14_201, 14_100)],
    ['interlaced PNG, 14,201 × 14,100', () => samples.announcedPng(14_201, 14_100, true)],
    ['WebP, 16,383 × 12,300', async () => sized(26, 16_383, 12_300, await samples.webp())],
    ['AVIF, 14,201 × 14,100', async () => announcedAvif(14_201, 14_100)],
  ]
  for (const [what, file] of tooMany) {
    it(`makePreview – ${what}, more pixels than the limit → 413 with the limit`, async () => {
      const error = await refusal(makePreview(await file()))
      expect(error).to.include({ status: 413, code: 'too_large' })
      expect(error.message).to.match(/^The image has [\d.]+ million pixels\. The limit is 200 million\.$/)
    })
  }

  const large: [what: string, file: () => Promise<Buffer>][] = [
    ['AVIF, 2,000 × 2,000', () => samples.avif({ width: 2000, height: 2000 })],
    ['WebP, 4,000 × 3,000', () => samples.webp({ width: 4000, height: 3000 })],
    ['interlaced PNG, 5,000 × 4,000', () => interlaced(5000, 4000).toBuffer()],
  ]
  for (const [what, file] of large) {
    it(`makePreview – ${what} → made`, async () => {
      expect(await makePreview(await file())).to.have.property('mediaType', 'image/webp')
    })
  }

  it('makePreview – more bytes than the limit → 413, the stream stops', async () => {
    const source = endless()
    expect(await refusal(makePreview(source))).to.include({ status: 413, code: 'too_large' })
    expect(source.destroyed).to.equal(true)
    expect(await spooled()).to.deep.equal([])
  })

  it('makePreview – many at once → all made, one after the other', async () => {
    const file = await samples.png({ width: 700, height: 700 })
    const pictures = await Promise.all(Array.from({ length: 20 }, () => makePreview(inPieces(file))))
    for (const picture of pictures) expect(picture).to.include({ width: 700, height: 700 })
    expect(await spooled()).to.deep.equal([])
  })
})

describe('makeThumbnail', () => {
  it('makeThumbnail – any image → still WebP within 512 × 512 pixels', async () => {
    expect(await makeThumbnail(await samples.jpeg({ width: 1024, height: 256 }))).to.include({
      mediaType: 'image/webp',
      width: 512,
      height: 128,
    })
    expect(await makeThumbnail(await samples.jpeg({ width: 10, height: 20 }))).to.include({
      width: 10,
      height: 20,
    })
    const { data, height } = await makeThumbnail(await samples.animatedGif({ height: 24 }))
    expect(height).to.equal(24)
    expect((await sharp(data).metadata()).pages ?? 1).to.equal(1)
  })
})

describe('tryThumbnail', () => {
  useOwnTemporaryFolder()

  it('tryThumbnail – stored image → thumbnail', async () => {
    const file = await samples.png({ width: 1024, height: 1024 })
    expect(await tryThumbnail(inPieces(file), file.length)).to.include({ width: 512, height: 512 })
  })

  it('tryThumbnail – not an image, broken or too large → null', async () => {
    const broken = await truncated(samples.png({ width: 500, height: 500 }))
    for (const file of [samples.svg(), broken, Buffer.alloc(0), samples.announcedPng(60_000, 60_000)]) {
      expect(await tryThumbnail(inPieces(file), file.length)).to.equal(null)
    }
  })

  it('tryThumbnail – file over the limit → nothing read', async () => {
    const source = endless()
    expect(await tryThumbnail(source, PREVIEW_MAX_BYTES + 1)).to.equal(null)
    expect(source).to.include({ destroyed: true, readableDidRead: false })
  })

  it('tryThumbnail – read error → rejects with it, nothing is left', async () => {
    const readError = new Error('the bucket is gone')
    const source = new Readable({ read: () => source.destroy(readError) })
    const made = await tryThumbnail(source, 100).catch((error: unknown) => error)
    expect(made).to.equal(readError)
    expect(await spooled()).to.deep.equal([])
  })
})

function endless(): Readable {
  const piece = Buffer.alloc(1 << 20)
  return new Readable({
    read() {
      this.push(piece)
    },
  })
}

const interlaced = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .toColourspace('b-w')
    .png({ progressive: true, compressionLevel: 1 })

/** Returns an AVIF whose header announces a size (ISO/IEC 23008-12, 6.5.3). */
async function announcedAvif(width: number, height: number): Promise<Buffer> {
  const file = await samples.avif()
  const at = file.indexOf('ispe')
  file.writeUInt32BE(width, at + 8)
  file.writeUInt32BE(height, at + 12)
  return file
}

/** Writes another size into the header of a GIF (at 6) or WebP (at 26): much to decode in a small file. */
function sized(at: number, width: number, height: number, file: Buffer): Buffer {
  file.writeUInt16LE(width, at)
  file.writeUInt16LE(height, at + 2)
  return file
}
