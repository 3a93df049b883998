import { expect } from 'chai'
import { clamp, fit as fitted, zoom } from '../../web/src/viewer/image/view-state.ts'
import { chooseFile, kindOf } from '../../web/src/viewer/kinds.ts'
import { checkModel, ModelError } from '../../web/src/viewer/model/check.ts'
import { fileOf } from '../../web/src/viewer/model/resources.ts'
import { previewOf } from '../../web/src/viewer/preview.ts'
import { encodingOf, linesOf, MAX_TEXT_LINES, textOf } from '../../web/src/viewer/text/decode.ts'

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
    expect(linesOf(Buffer.from('a\r\nb\n'), 5)).to.deep.equal({ lines: ['a', 'b'], shown: 5 })
    const long = linesOf(Buffer.from('\n'.repeat(2 * MAX_TEXT_LINES)), 2 * MAX_TEXT_LINES)
    expect(long.lines).to.have.length(MAX_TEXT_LINES)
    expect(long.shown).to.equal(MAX_TEXT_LINES)
    expect(textOf(Buffer.from('\ufeffv 1', 'utf16le'))).to.equal('v 1')
  })

  it('fileOf – folders, backslashes, other case, the same name in several folders → the file that is meant', () => {
    const names = ['a/Skin.png', 'b/skin.png', 'b/c/wood.JPG', '100% oak.png'].map((name) => ({ name }))
    const find = (path: string, main = 'model.obj') => fileOf(names, { name: main }, path)?.name
    expect(find('b/skin.png')).to.equal('b/skin.png')
    expect(find('skin.png', 'b/model.obj')).to.equal('b/skin.png')
    expect(find('..\\a\\SKIN.PNG', 'b/model.obj')).to.equal('a/Skin.png')
    expect(find('C:\\art\\b\\skin.png')).to.equal('b/skin.png')
    expect(find('textures/wood.jpg')).to.equal('b/c/wood.JPG')
    expect(find('100% oak.png')).to.equal('100% oak.png')
    expect(find('100%25%20oak.png')).to.equal('100% oak.png')
    expect(find('none.png')).to.equal(undefined)
    expect(find('')).to.equal(undefined)
  })

  it('checkModel – parts that contain each other, or one another many times → refused', () => {
    const check = (format: 'dae' | 'gltf', text: string) => () => checkModel(format, Buffer.from(text))
    const doubled = (depth: number) =>
      Array.from(
        { length: depth },
        (_, n) => `<node id="n${n}">${`<instance_node url="#n${n + 1}"/>`.repeat(2)}</node>`,
      ).join('')
    expect(check('dae', `<library_nodes>${doubled(8)}</library_nodes>`)).to.not.throw()
    expect(check('dae', `<library_nodes>${doubled(40)}</library_nodes>`)).to.throw(ModelError)
    expect(check('dae', '<node id="a"><node><instance_node url="#a"/></node></node>')).to.throw(ModelError)
    expect(check('gltf', '{"accessors":{"a":{"count":3}},"nodes":{}}')).to.throw(ModelError, 'glTF 1.0')
    const nodes = Array.from({ length: 40 }, (_, n) => ({ children: n < 39 ? [n + 1, n + 1] : [] }))
    expect(check('gltf', JSON.stringify({ nodes }))).to.throw(ModelError)
    expect(
      check('gltf', JSON.stringify({ nodes: [{ children: [1, 2] }, {}, { children: [1] }] })),
    ).to.not.throw()
  })

  it('previewOf – picture of the file → shown first; picture of something else → not', () => {
    const photo = file('a.jpg', 'image/jpeg')
    const model = file('a.glb', 'model/gltf-binary')
    const asset = { files: [photo], images: [], thumbnail: 'thumb' }
    expect(previewOf(asset, photo)).to.equal('thumb')
    expect(previewOf({ ...asset, files: [photo, file('b.png', 'image/png')] }, photo)).to.equal(null)
    expect(previewOf({ ...asset, images: [{ url: 'poster' }] }, photo)).to.equal(null)
    expect(previewOf({ ...asset, files: [model], images: [{ url: 'poster' }] }, model)).to.equal('poster')
    expect(previewOf(asset, undefined)).to.equal(null)
  })
})
