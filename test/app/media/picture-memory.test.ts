import { expect } from 'chai'
import type { Metadata } from 'sharp'
import { fittingRendering, neededBytes } from '../../../app/media/picture-memory.ts'

const picture = (format: Metadata['format'], width: number, height: number, more: Partial<Metadata> = {}) =>
  ({ format, width, height, channels: 3, depth: 'uchar', isProgressive: false, ...more }) as Metadata
const still = (side: number, effort = 4) => ({ side, effort, allFrames: false })

const progressive = { isProgressive: true, chromaSubsampling: '4:2:0' }

/** Peaks of renderers above that of an idle one, measured with libvips 8.18 (MB), and the pictures of the measurements. */
const MEASURED: [peak: number, metadata: Metadata, side: number][] = [
  [76, picture('jpeg', 10_000, 10_000), 2048],
  [58, picture('jpeg', 16_000, 12_500), 2048],
  [31, picture('jpeg', 16_000, 12_500), 512],
  [54, picture('jpeg', 65_500, 3000), 2048],
  [118, picture('jpeg', 4000, 4000, progressive), 2048],
  [654, picture('jpeg', 16_000, 12_500, progressive), 2048],
  [649, picture('jpeg', 10_000, 10_000, { ...progressive, chromaSubsampling: '4:4:4' }), 2048],
  [468, picture('jpeg', 8000, 6250, { isProgressive: true, channels: 4 }), 2048],
  [57, picture('png', 8000, 8000), 2048],
  [108, picture('png', 16_000, 12_500), 2048],
  [227, picture('png', 65_500, 3000), 2048],
  [126, picture('png', 8000, 8000, { channels: 4, depth: 'ushort' }), 512],
  [174, picture('png', 4000, 4000, { channels: 4, depth: 'ushort', isProgressive: true }), 512],
  [509, picture('png', 8000, 6250, { channels: 4, depth: 'ushort', isProgressive: true }), 2048],
  [673, picture('png', 16_000, 12_500, { isProgressive: true }), 2048],
  [456, picture('png', 50_000, 2000, { channels: 4, depth: 'ushort' }), 2048],
  [111, picture('png', 2048, 2048, { channels: 4, depth: 'ushort' }), 2048],
  [123, picture('gif', 3316, 3316), 2048],
  [1122, picture('gif', 16_000, 12_500), 512],
  [93, picture('webp', 3316, 3316), 2048],
  [428, picture('webp', 10_000, 10_000), 2048],
  [72, picture('heif', 1920, 1920), 2048],
  [942, picture('heif', 8000, 6250, { channels: 4 }), 2048],
  [1244, picture('heif', 8000, 6250, { depth: 'ushort' }), 2048],
  [3615, picture('heif', 16_000, 12_500), 2048],
]

describe('fittingRendering', () => {
  for (const [peak, metadata, side] of MEASURED) {
    const { format, width, height, depth, isProgressive } = metadata
    const kind = `${isProgressive ? 'progressive ' : ''}${format}, ${depth}, ${width} × ${height}`
    it(`neededBytes – ${kind}, side ${side} → at least the measured ${peak} MB`, () => {
      expect(neededBytes(metadata, still(side)) / 1e6).to.be.within(peak, peak * 2.5)
    })
  }

  it('neededBytes – animations → at least what was measured', () => {
    const animated = { side: 2048, effort: 2, allFrames: true }
    const small = picture('webp', 1000, 1000, { pages: 39 })
    expect(neededBytes(small, animated)).to.be.within(173e6, 300e6)
    expect(neededBytes(picture('gif', 3000, 3000, { pages: 4 }), animated)).to.be.within(156e6, 300e6)
  })

  it('fittingRendering – enough memory → as wanted', () => {
    for (const [, metadata, side] of MEASURED)
      expect(fittingRendering(metadata, still(side), 6e9)).to.deep.equal(still(side))
  })

  it('fittingRendering – less memory → less effort, then smaller, then nothing', () => {
    const jpeg = picture('jpeg', 10_000, 10_000)
    expect(fittingRendering(jpeg, still(2048), 90e6)).to.deep.equal(still(2048, 2))
    expect(fittingRendering(jpeg, still(2048), 50e6)).to.deep.equal(still(1024, 2))
    expect(fittingRendering(jpeg, still(512), 30e6)).to.deep.equal(still(512, 2))
    expect(fittingRendering(jpeg, still(512), 15e6)).to.equal(null)
    expect(fittingRendering(jpeg, still(512), -1)).to.equal(null)
  })

  it('fittingRendering – less memory than an animation needs → its first frame', () => {
    const gif = picture('gif', 1000, 1000, { pages: 39 })
    const wanted = { side: 2048, effort: 2, allFrames: true }
    expect(fittingRendering(gif, wanted, 300e6)).to.deep.equal(wanted)
    expect(fittingRendering(gif, wanted, 100e6)).to.deep.equal(still(2048, 2))
  })
})
