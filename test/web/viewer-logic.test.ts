import { expect } from 'chai'
import { clamp, fit as fitted, zoom } from '../../web/src/viewer/image/view-state.ts'
import { chooseFile, kindOf } from '../../web/src/viewer/kinds.ts'
import { encodingOf, linesOf, MAX_TEXT_LINES } from '../../web/src/viewer/text/decode.ts'

const file = (name: string, mediaType: string, size = 1) => ({ id: name, name, mediaType, size, url: name })

describe('viewer – logic', () => {
  it('kindOf – media types and names → kind of viewer', () => {
    const kinds = [
      file('a.GLB', 'model/gltf-binary'),
      file('a.png', 'image/png'),
      file('a.svg', 'image/svg+xml'),
      file('a.tga', 'image/x-tga'),
      file('a.html', 'text/html'),
      file('a.json', 'application/json'),
      file('a.mtl', 'model/mtl'),
      file('a.pdf', 'application/pdf'),
      file('a.mp4', 'video/mp4'),
      file('a.bin', 'application/octet-stream'),
    ].map(kindOf)
    expect(kinds).to.deep.equal([
      ...['model', 'image', 'image', null, 'text', 'text', 'text', 'pdf', 'video', null],
    ])
  })

  it('chooseFile – several files → the largest model, else the first of the first kind', () => {
    const picture = file('a.png', 'image/png')
    const notes = file('a.txt', 'text/plain')
    const models = [file('a.obj', 'model/obj', 5), file('b.obj', 'model/obj', 9)]
    expect(chooseFile([notes, picture, ...models])?.name).to.equal('b.obj')
    expect(chooseFile([notes, picture])?.name).to.equal('a.png')
    expect(chooseFile([])).to.equal(undefined)
  })

  it('image view – fit, zoom and pan → inside the frame, the point below the pointer stays', () => {
    const image = { width: 2000, height: 1000 }
    const frame = { width: 500, height: 500 }
    const start = fitted(image, frame)
    expect(start).to.deep.equal({ x: 0, y: 125, scale: 0.25 })
    const at = { x: 100, y: 200 }
    const nearer = zoom(start, { factor: 4, at, image, frame })
    expect(nearer.scale).to.equal(1)
    expect((at.x - nearer.x) / nearer.scale).to.be.closeTo((at.x - start.x) / start.scale, 1e-9)
    expect(clamp({ x: 900, y: -9000, scale: 1 }, image, frame)).to.deep.equal({ x: 0, y: -500, scale: 1 })
    expect(zoom(start, { factor: 1e9, at, image, frame }).scale).to.equal(32)
    expect(fitted({ width: 10, height: 10 }, frame).scale).to.equal(1)
  })

  it('text – encodings and cut characters → read right', () => {
    expect(encodingOf(Buffer.from('naïve'), false)).to.equal('utf-8')
    expect(encodingOf(Buffer.from('naïve').subarray(0, 3), true)).to.equal('utf-8')
    expect(encodingOf(Buffer.from('naïve', 'latin1'), false)).to.equal('windows-1252')
    expect(encodingOf(Buffer.from('\ufeffa', 'utf16le'), false)).to.equal('utf-16le')
    expect(linesOf(Buffer.from('a\r\nb\n'), false)).to.deep.equal({ lines: ['a', 'b'], hasMore: false })
    const long = linesOf(Buffer.from('\n'.repeat(MAX_TEXT_LINES + 1)), false)
    expect(long.lines).to.have.length(MAX_TEXT_LINES)
    expect(long.hasMore).to.equal(true)
  })
})
